/* cmocka with what it needs before it, in the order it needs it. */
#ifndef TESTS_UNIT_TESTING_H
#define TESTS_UNIT_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* Apart, so that it stays behind the others when includes are sorted. */
#include <cmocka.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/span.h"

/* Fails with the label of the table's row that did not hold. */
#define CHECK_ROW(label, condition)                                                                \
	do {                                                                                       \
		if (!(condition))                                                                  \
			fail_msg("%s: does not hold: %s", label, #condition);                      \
	} while (0)

#endif
