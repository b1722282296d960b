// What the protobuf library says on standard error.
#pragma once

namespace kapea::codec {

// Keeps the library from printing what it finds wrong with a message: its words may name
// or hold what somebody sent, and every error has a status of ours besides. Of its last
// words before it aborts the place is printed, not the text.
// Threads: at the beginning of main, before any other starts.
void QuietProtobuf();

}  // namespace kapea::codec
