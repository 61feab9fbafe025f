/*
 * Edit distance with swaps of neighbours, within a band: cells more than
 * APP_KEY_DISTANCE_MAX off the diagonal cannot be part of a distance that
 * small, so a row has seven cells whatever the texts' length.
 */
#include "key/app_key.h"

#define FAR (APP_KEY_DISTANCE_MAX + 1u)
#define BAND (2u * APP_KEY_DISTANCE_MAX + 1u)

/* Column j of row i stands in cell j - i + APP_KEY_DISTANCE_MAX. */
struct row {
	uint8_t cells[BAND];
};

static unsigned cell(const struct row *row, size_t index)
{
	return index < BAND ? row->cells[index] : FAR;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static bool swapped(struct span a, struct span b, size_t i, size_t j)
{
	return i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1];
}

/* Row i from the two before it; the least cell of it. */
static unsigned row_fill(
	struct span a, struct span b, size_t i, const struct row before[2], struct row *out)
{
	unsigned best = FAR;

	for (size_t k = 0; k < BAND; k++) {
		size_t j = i + k - APP_KEY_DISTANCE_MAX;
		unsigned value;

		out->cells[k] = FAR;
		if (i + k < APP_KEY_DISTANCE_MAX || j > b.len)
			continue;
		if (j == 0) {
			value = least((unsigned)i, FAR);
		} else {
			value = cell(&before[0], k) + (a.ptr[i - 1] != b.ptr[j - 1]);
			value = least(value, cell(&before[0], k + 1) + 1);
			if (k > 0)
				value = least(value, cell(out, k - 1) + 1);
			if (swapped(a, b, i, j))
				value = least(value, cell(&before[1], k) + 1);
		}
		out->cells[k] = (uint8_t)least(value, FAR);
		best = least(best, out->cells[k]);
	}
	return best;
}

unsigned app_key_distance(struct span a, struct span b)
{
	struct row before[2];
	struct row now;

	/* What is equal at the start cannot matter; keys of one account share most of it. */
	while (a.len > 0 && b.len > 0 && a.ptr[0] == b.ptr[0]) {
		a = span_part(a, 1, a.len);
		b = span_part(b, 1, b.len);
	}
	if (a.len > b.len + APP_KEY_DISTANCE_MAX || b.len > a.len + APP_KEY_DISTANCE_MAX)
		return FAR;
	memset(before, FAR, sizeof(before));
	for (size_t k = APP_KEY_DISTANCE_MAX; k < BAND; k++)
		before[0].cells[k] = (uint8_t)(k - APP_KEY_DISTANCE_MAX);
	for (size_t i = 1; i <= a.len; i++) {
		if (row_fill(a, b, i, before, &now) == FAR)
			return FAR;
		before[1] = before[0];
		before[0] = now;
	}
	return cell(&before[0], b.len - a.len + APP_KEY_DISTANCE_MAX);
}

void app_key_nearest_begin(struct app_key_nearest *nearest, struct span wanted)
{
	memset(nearest, 0, sizeof(*nearest));
	nearest->wanted = wanted;
	nearest->distance = FAR;
}

void app_key_nearest_offer(struct app_key_nearest *nearest, struct span known)
{
	unsigned distance;

	if (known.len > sizeof(nearest->best) || nearest->wanted.len > LIMIT_APP_KEY)
		return;
	distance = app_key_distance(nearest->wanted, known);
	if (distance >= nearest->distance)
		return;
	nearest->distance = distance;
	nearest->best_len = known.len;
	memcpy(nearest->best, known.ptr, known.len);
}
