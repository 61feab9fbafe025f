/* Attributes of the compiler under names of our own. */
#ifndef BASE_ATTR_H
#define BASE_ATTR_H

/* The result carries a failure; a caller that drops it is a compile error. */
#define NODISCARD __attribute__((warn_unused_result))

/* Run fn(&variable) when the variable leaves its scope. fn accepts NULL inside. */
#define CLEANUP(fn) __attribute__((cleanup(fn)))

#define PRINTF_LIKE(format_index, first_index)                                                     \
	__attribute__((format(printf, format_index, first_index)))

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
