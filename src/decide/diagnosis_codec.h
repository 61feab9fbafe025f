/* How the plain bytes of a diagnosis divide; between diagnosis.c and diagnosis_codec.c only. */
#ifndef DECIDE_DIAGNOSIS_CODEC_H
#define DECIDE_DIAGNOSIS_CODEC_H

#include "decide/diagnosis.h"

/* verdict 2+4+4+1+18, slots 38, route 48, origin 42, and two bytes before each of six texts. */
#define DIAGNOSIS_FIXED_LEN (29u + 38u + 48u + 42u + 12u)

/* What is left for the texts. */
#define DIAGNOSIS_TEXTS_LEN (DIAGNOSIS_PLAIN_MAX - DIAGNOSIS_FIXED_LEN)

#endif
