// A public key as a number that two people compare by reading it aloud.
#pragma once

#include <string>
#include <string_view>

namespace kapea::crypto {

// Six groups of five decimal digits, from SHA-256("kapea/fingerprint/v1" || key): digits, for
// they are read alike in every language; 30 of them, some 99 bits, for nobody who can try
// keys shall find one that sounds the same. Threads: any.
std::string Fingerprint(std::string_view public_key);

}  // namespace kapea::crypto
