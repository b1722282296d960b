// The two ways a Status travels up, and the check for our own mistakes.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Returns from the calling function when `expr` (a Status) is not Ok.
#define KAPEA_TRY(expr)                                                              \
  do {                                                                               \
    if (absl::Status kapea_status = (expr); !kapea_status.ok()) return kapea_status; \
  } while (false)

#define KAPEA_MACRO_JOIN_(a, b) a##b
#define KAPEA_MACRO_JOIN(a, b) KAPEA_MACRO_JOIN_(a, b)
#define KAPEA_ASSIGN_(name, lhs, expr)             \
  auto name = (expr);                              \
  if (!name.ok()) return std::move(name).status(); \
  lhs = *std::move(name)

// `KAPEA_ASSIGN(const Change change, ToChange(bytes));` assigns the value of a
// StatusOr, or returns its Status from the calling function.
#define KAPEA_ASSIGN(lhs, expr) \
  KAPEA_ASSIGN_(KAPEA_MACRO_JOIN(kapea_statusor_, __LINE__), lhs, expr)

// A condition that only a mistake of ours can break; on in every build. Never
// for what comes from outside.
#define KAPEA_CHECK(condition)                                                           \
  do {                                                                                   \
    if (!(condition)) {                                                                  \
      std::fprintf(stderr, "%s:%d: check failed: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                      \
    }                                                                                    \
  } while (false)
