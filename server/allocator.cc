// How kapead's memory is kept. jemalloc reads this variable before main begins: two arenas
// for two cores, and pages that nobody uses go back within a quarter of a second, so that a burst
// of parcels leaves the machine as small as it was (docs/decisions.md).
// Not in sanitized builds: there the sanitizer's own allocator finds what is misused.
extern "C" {
// NOLINTBEGIN(readability-identifier-naming): the name is jemalloc's.
extern const char* const malloc_conf;
const char* const malloc_conf = "narenas:2,dirty_decay_ms:250,muzzy_decay_ms:0";
// NOLINTEND(readability-identifier-naming)
}
