#include "common/kv/store_directory.h"

#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>

namespace kapea::kv {
namespace {

absl::Status Failed(const std::error_code& error) {
  const std::string text = "cannot use the directory of the store: " + error.message();
  if (error == std::errc::no_space_on_device) return absl::ResourceExhaustedError(text);
  return absl::UnavailableError(text);
}

}  // namespace

absl::Status PrepareDirectory(const OpenOptions& options) {
  const std::filesystem::path directory = options.directory;
  std::error_code error;
  if (std::filesystem::exists(directory / "CURRENT", error)) return absl::OkStatus();
  if (error) return Failed(error);
  for (std::filesystem::directory_iterator file(directory, error), end; !error && file != end;
       file.increment(error)) {
    if (file->path().extension() == ".sst") {
      return absl::DataLossError("the store is damaged: it has tables but no CURRENT");
    }
  }
  if (error && error != std::errc::no_such_file_or_directory) return Failed(error);
  if (!options.create_if_missing || options.read_only) {
    return absl::NotFoundError("there is no store here");
  }
  // RocksDB would let everybody look into it.
  if (mkdir(directory.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
    return Failed(std::error_code(errno, std::generic_category()));
  }
  return absl::OkStatus();
}

}  // namespace kapea::kv
