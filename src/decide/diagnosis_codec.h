/* How the plain bytes of a diagnosis divide; between diagnosis.c and diagnosis_codec.c only. */
#ifndef DECIDE_DIAGNOSIS_CODEC_H
#define DECIDE_DIAGNOSIS_CODEC_H

#include "decide/diagnosis.h"

/* Verdict with the finding, slots, route, origin, and two bytes before each of six texts. */
#define DIAGNOSIS_FIXED_LEN                                                                        \
	(21u + 2u * TEXT_POSITIONS_MAX + 44u + 28u + 4u * DIAGNOSIS_RESOURCES_MAX + 42u + 12u)

/* What is left for the texts. */
#define DIAGNOSIS_TEXTS_LEN (DIAGNOSIS_PLAIN_MAX - DIAGNOSIS_FIXED_LEN)

#endif
