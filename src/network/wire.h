/*
 * wire.h -- a look at a file's bytes before protobuf-c decodes them. protobuf-c recurses into
 * nested messages without a limit and allocates a structure per element, so a small hostile file
 * can take the stack or the memory. The walk is a loop with a stack of its own.
 */
#ifndef HRS_NETWORK_WIRE_H
#define HRS_NETWORK_WIRE_H

#include <harsanyi/base.h>
#include <protobuf-c/protobuf-c.h>

/** Messages nested deeper than this are refused. */
#define HRS_WIRE_DEPTH 64

/**
 * Check that `bytes` are a well-formed message of a type, and that decoding them takes memory in
 * proportion to their number. Not collective.
 * Errors: INPUT, saying what the file looks like instead where that can be told, or where it ends.
 */
hrs_status hrs_wire_check(const char *path, const ProtobufCMessageDescriptor *type,
                          const unsigned char *bytes, hrs_count size);

/** Check them, then decode them: *out (of the type's structure) is freed with the type's
 *  free_unpacked and hrs_wire_allocator; NULL on failure. Errors: INPUT, MEMORY. */
hrs_status hrs_wire_decode(const char *path, const ProtobufCMessageDescriptor *type,
                           const unsigned char *bytes, hrs_count size, void *out /* T** */);

/** An allocator for protobuf-c on top of hrs_alloc. Every block is followed by a zero byte, so that
 *  `bytes` fields are C strings too. */
extern ProtobufCAllocator hrs_wire_allocator;

#endif
