// What went over the wire, as the kernel counted it.
#pragma once

#include <cstdint>
#include <string>

namespace kapea::bench {

// Bytes of payload, TLS included, in both directions of every connection that this process
// has to that address (127.0.0.1:port) now.
uint64_t WireBytes(const std::string& server);

}  // namespace kapea::bench
