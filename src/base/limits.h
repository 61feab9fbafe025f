/*
 * Every maximum of the product, in one place. Beyond one the answer is a clear
 * error and nothing changes. man/llaverod.8 lists them for users.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#define KIB ((size_t)1024)
#define MIB ((size_t)1024 * 1024)

/* Requests. */
#define LIMIT_HEADER_BLOCK (16 * KIB)
#define LIMIT_APP_KEY 160u
#define LIMIT_APP_TOKEN 512u
#define LIMIT_APP_TOKEN_IMPORT_MIN 32u
#define LIMIT_TARGET (4 * KIB) /* raw request target, query included */
#define LIMIT_METHOD 32u
#define LIMIT_HOST 255u
#define LIMIT_BODY (1 * MIB)
#define LIMIT_BODY_IMPORT (64 * MIB)

/* Credentials and access. */
#define LIMIT_ACCOUNT_NAME 63u
#define LIMIT_NAME 100u /* profile names, labels, reasons, in characters */
#define LIMIT_PROFILES_PER_KEY 64u
#define LIMIT_ADDRESSES_PER_KEY 32u
#define LIMIT_MANAGEMENT_TOKENS 100u /* live ones of an account */
#define LIMIT_METADATA (4 * KIB)
#define LIMIT_EXTERNAL_ID 200u
#define LIMIT_RATE UINT64_C(1000000000)     /* requests of a key in one second, minute, hour, day */
#define LIMIT_QUOTA UINT64_C(1000000000000) /* requests of a key in one day or month */
#define LIMIT_USAGE_ROWS 1000000u           /* of counted hours, and of counted days */
#define LIMIT_LEDGER_CELLS 131072u          /* keys with limits that are in use on one machine */
#define LIMIT_NODES 1000u                   /* machines that share the limits of keys */
#define LIMIT_USE_CELLS 131072u             /* keys, routes, causes and minutes not drained yet */
#define LIMIT_REFUSAL_ACCOUNTS 16u          /* accounts with rings of refusals of their own */

/* The catalogue. */
#define LIMIT_RESOURCES 65536u
#define LIMIT_ROUTES 65536u
#define LIMIT_SERVICES 1024u
#define LIMIT_RESOURCES_PER_ROUTE 64u
#define LIMIT_RESOURCES_PER_PROFILE 65536u
#define LIMIT_PATH_SEGMENTS 128u
#define LIMIT_HOSTS_PER_SERVICE 64u
#define LIMIT_ROUTE_NODES 1048576u     /* different beginnings of templates, all routes together */
#define LIMIT_DOCUMENT_DEPTH 128u      /* levels of an imported JSON or YAML document */
#define LIMIT_DOCUMENT_VALUES 2000000u /* its values, YAML aliases counted as often as used */
#define LIMIT_DOCUMENT_ANCHORS 1024u   /* its YAML anchors */
#define LIMIT_DOCUMENT_REFERENCES 16u  /* $ref after $ref */

/* Answers. */
#define LIMIT_DIAGNOSIS 512u /* characters of a sealed diagnosis */
#define LIMIT_PROBLEM 2048u  /* bytes of a problem document */
#define LIMIT_PAGE 200u      /* items of one page of a collection */

#endif
