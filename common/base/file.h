// Whole files, read with a limit and replaced in one step.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace kapea {

// Modes of new files: a secret one, and one that everybody may read.
inline constexpr int kPrivateFileMode = 0600;
inline constexpr int kPublicFileMode = 0644;

// The bytes of a regular file. NotFound when there is none; ResourceExhausted when it
// holds more than `size_max`; InvalidArgument for a folder, pipe or device.
absl::StatusOr<std::string> ReadFile(const std::string& path, size_t size_max);

// Replaces `path` by a file with these bytes and this mode, or leaves what was there:
// a reader and a crash see the old file or the new one, never a part. When it returns
// Ok the bytes and the name are on the disk. The folder must exist.
// Threads: any; of two writers of one path the last one wins whole.
absl::Status WriteFileAtomically(const std::string& path, std::string_view bytes, int mode);
// The same where there is no file of that name: AlreadyExists, and it is as it was.
absl::Status CreateFileAtomically(const std::string& path, std::string_view bytes, int mode);

}  // namespace kapea
