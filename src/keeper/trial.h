/*
 * Trying a request against this node's index, as a gate would decide it: for
 * verify, explain and can.
 */
#ifndef KEEPER_TRIAL_H
#define KEEPER_TRIAL_H

#include "decide/diagnosis.h"
#include "keeper/api.h"

struct follow_reading;

/* Members of a trial's body, the first of a larger array of fields. */
enum trial_field {
	TRIAL_APP_KEY,
	TRIAL_APP_TOKEN,
	TRIAL_METHOD,
	TRIAL_PATH,
	TRIAL_HOST,
	TRIAL_ADDRESS,
	TRIAL_ACCOUNT,
	TRIAL_FIELDS_COUNT
};
void trial_fields(struct body_field fields[TRIAL_FIELDS_COUNT]);

struct trial {
	struct follow_reading *reading;
	const struct view *view; /* NULL: no index yet; every verdict is index_unavailable */
	struct decide_input input;
	struct limits_source limits; /* looks, and counts nothing */
	struct decide_scratch *scratch;
	struct decision decision;
};

/* Give back what a trial holds. */
void trial_end(struct trial *trial);

/* Read the input from the fields and take the index. End it with trial_end in any case. */
NODISCARD enum status trial_begin(
	struct api_call *call, const struct body_field *fields, struct trial *trial);

/* Only the index, to name what a diagnosis of the past is about. */
NODISCARD enum status trial_view(struct api_call *call, struct trial *trial);

void trial_decide(struct trial *trial);
void trial_diagnosis(
	const struct api_call *call, const struct trial *trial, struct diagnosis *out_diagnosis);

#endif
