#include "base/nearest.h"

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t word_distance(struct span a, struct span b)
{
	/* Three rows of the table are enough: neighbours that are swapped look back by two. */
	size_t rows[3][NEAREST_WORD_MAX + 1];
	size_t *two = rows[0], *one = rows[1], *row = rows[2];

	if (a.len > NEAREST_WORD_MAX || b.len > NEAREST_WORD_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= b.len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		size_t *spare = two;

		two = one;
		one = row;
		row = spare;
		row[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			row[j] = least(least(one[j], row[j - 1]) + 1,
				one[j - 1] + (a.ptr[i - 1] != b.ptr[j - 1]));
			if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] &&
				a.ptr[i - 2] == b.ptr[j - 1])
				row[j] = least(row[j], two[j - 2] + 1);
		}
	}
	return row[b.len];
}

bool word_is_near(struct span a, struct span b, size_t distance)
{
	size_t shorter = least(a.len, b.len);

	return distance <= (shorter >= 6 ? 2u : 1u) && shorter >= 3;
}
