// Public keys of X25519 that no honest device has.
#pragma once

#include <string_view>

namespace kapea::crypto {

// Whether these 32 bytes are a point of small order (RFC 7748, section 7; the list is that of
// Curve25519's author), also with the unused bit set: what is sealed to it opens for everybody,
// and sealing refuses it. Pure. Threads: any.
bool IsLowOrder(std::string_view public_key);

}  // namespace kapea::crypto
