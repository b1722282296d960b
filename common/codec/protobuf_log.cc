#include "common/codec/protobuf_log.h"

#include <google/protobuf/stubs/logging.h>

#include <cstdio>
#include <string>

namespace kapea::codec {
namespace {

void PrintPlaceOfFatal(google::protobuf::LogLevel level, const char* file, int line,
                       const std::string& /*message*/) {
  if (level != google::protobuf::LOGLEVEL_FATAL) return;
  std::fprintf(stderr, "protobuf gives up at %s:%d\n", file, line);
}

}  // namespace

void QuietProtobuf() { google::protobuf::SetLogHandler(&PrintPlaceOfFatal); }

}  // namespace kapea::codec
