// Nothing: the target of the precompiled header needs one source.
