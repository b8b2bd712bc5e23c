//! Names of the standard library's methods.
//!
//! `.len()` on an unknown value is most likely not the method `len` that somebody renamed; a distinctive name is.

/// Whether the standard library has a well-known method of this name.
pub fn is_std_method(name: &str) -> bool {
    METHODS.binary_search(&name).is_ok()
}

/// Sorted.
const METHODS: [&str; 459] = [
    "abs", "add", "addr", "all", "and", "and_then", "any", "append", "apply", "args", "as_any", "as_bytes",
    "as_deref", "as_deref_mut", "as_micros", "as_millis", "as_mut", "as_mut_ptr", "as_mut_slice", "as_nanos",
    "as_os_str", "as_path", "as_ptr", "as_ref", "as_secs", "as_slice", "as_str", "back", "back_mut", "backtrace",
    "binary_search", "binary_search_by", "binary_search_by_key", "bits", "borrow", "borrow_mut", "by_ref", "bytes",
    "canonicalize", "capacity", "cast", "ceil", "chain", "char_indices", "chars", "checked_add", "checked_div",
    "checked_mul", "checked_pow", "checked_rem", "checked_sub", "chunks", "chunks_exact", "clamp", "clear", "clone",
    "clone_from", "clone_into", "cloned", "close", "cmp", "collect", "compare_exchange", "components", "concat",
    "connect", "contains", "contains_key", "copied", "copy_from_slice", "copy_within", "count", "count_ones",
    "count_zeros", "create", "cycle", "date", "dedup", "dedup_by", "dedup_by_key", "default", "deref", "deref_mut",
    "description", "difference", "display", "div", "downcast", "downcast_mut", "downcast_ref", "drain", "drop",
    "duration_since", "elapsed", "encode_utf16", "encode_utf8", "ends_with", "entry", "enumerate", "env", "eq",
    "eq_ignore_ascii_case", "err", "escape_debug", "escape_default", "exists", "expect", "expect_err", "extend",
    "extend_from_slice", "extension", "fetch_add", "fetch_and", "fetch_max", "fetch_min", "fetch_or", "fetch_sub",
    "fetch_update", "file_name", "file_stem", "file_type", "fill", "filter", "filter_map", "find", "find_map",
    "finish", "first", "first_mut", "flat_map", "flatten", "floor", "flush", "fmt", "fold", "for_each", "from",
    "from_iter", "from_str", "front", "front_mut", "fuse", "ge", "get", "get_mut", "get_or_init", "get_or_insert",
    "get_or_insert_with", "get_ref", "get_unchecked", "get_unchecked_mut", "gt", "hash", "id", "index", "index_mut",
    "insert", "insert_str", "inspect", "intersection", "into", "into_boxed_slice", "into_boxed_str", "into_bytes",
    "into_inner", "into_iter", "into_keys", "into_os_string", "into_string", "into_values", "into_vec", "is_absolute",
    "is_alphabetic", "is_alphanumeric", "is_ascii", "is_ascii_alphabetic", "is_ascii_alphanumeric", "is_ascii_digit",
    "is_ascii_hexdigit", "is_ascii_lowercase", "is_ascii_punctuation", "is_ascii_uppercase", "is_ascii_whitespace",
    "is_char_boundary", "is_control", "is_digit", "is_dir", "is_empty", "is_err", "is_file", "is_finite",
    "is_infinite", "is_lowercase", "is_nan", "is_negative", "is_none", "is_none_or", "is_numeric", "is_ok",
    "is_positive", "is_power_of_two", "is_relative", "is_some", "is_some_and", "is_sorted", "is_subset",
    "is_superset", "is_symlink", "is_uppercase", "is_whitespace", "iter", "iter_mut", "join", "keys", "kill", "kind",
    "last", "last_key_value", "last_mut", "le", "leading_zeros", "len", "len_utf16", "len_utf8", "lines", "load",
    "local_addr", "lock", "log", "lt", "make_ascii_lowercase", "make_ascii_uppercase", "map", "map_err", "map_or",
    "map_or_else", "map_while", "match_indices", "matches", "max", "max_by", "max_by_key", "metadata", "min",
    "min_by", "min_by_key", "modified", "mul", "name", "ne", "neg", "next", "next_back", "next_power_of_two", "not",
    "notify_all", "notify_one", "nth", "ok", "ok_or", "ok_or_else", "open", "or", "or_default", "or_else",
    "or_insert", "or_insert_with", "or_insert_with_key", "order", "output", "overflowing_add", "parent", "park",
    "parse", "partial_cmp", "partition", "partition_point", "path", "peek", "peek_mut", "peekable", "peer_addr",
    "permissions", "pin", "poll", "poll_next", "pop", "pop_back", "pop_first", "pop_front", "pop_last", "position",
    "pow", "powf", "powi", "product", "provide", "push", "push_back", "push_front", "push_str", "range",
    "raw_os_error", "read", "read_dir", "read_exact", "read_line", "read_to_end", "read_to_string", "recv",
    "recv_timeout", "rem", "remove", "repeat", "replace", "replace_range", "replacen", "reserve", "reserve_exact",
    "resize", "resize_with", "rev", "reverse", "rfind", "rmatches", "rotate_left", "rotate_right", "round",
    "rposition", "rsplit", "rsplit_once", "rsplitn", "saturating_add", "saturating_mul", "saturating_sub", "scan",
    "seek", "send", "set", "set_len", "shl", "shr", "shrink_to", "shrink_to_fit", "shutdown", "size_hint", "skip",
    "skip_while", "sort", "sort_by", "sort_by_cached_key", "sort_by_key", "sort_unstable", "sort_unstable_by",
    "sort_unstable_by_key", "source", "spawn", "splice", "split", "split_ascii_whitespace", "split_at",
    "split_at_mut", "split_first", "split_first_mut", "split_inclusive", "split_last", "split_off", "split_once",
    "split_terminator", "split_whitespace", "splitn", "sqrt", "start", "starts_with", "status", "step_by", "store",
    "strip_prefix", "strip_suffix", "sub", "subsec_nanos", "success", "sum", "swap", "swap_remove", "swap_with_slice",
    "symmetric_difference", "sync_all", "take", "take_while", "then", "then_some", "thread", "to_ascii_lowercase",
    "to_ascii_uppercase", "to_be_bytes", "to_bits", "to_digit", "to_le_bytes", "to_lowercase", "to_ne_bytes",
    "to_owned", "to_path_buf", "to_str", "to_string", "to_string_lossy", "to_uppercase", "to_vec", "total_cmp",
    "trailing_zeros", "transpose", "trim", "trim_end", "trim_end_matches", "trim_matches", "trim_start",
    "trim_start_matches", "truncate", "try_borrow", "try_borrow_mut", "try_fold", "try_for_each", "try_from",
    "try_into", "try_lock", "try_recv", "type_id", "union", "unpark", "unwrap", "unwrap_err", "unwrap_or",
    "unwrap_or_default", "unwrap_or_else", "unwrap_unchecked", "unzip", "update", "upgrade", "values", "values_mut",
    "wait", "wait_timeout", "wake", "wake_by_ref", "windows", "with", "with_extension", "with_file_name",
    "wrapping_add", "wrapping_mul", "wrapping_neg", "wrapping_sub", "write", "write_all", "write_char", "write_fmt",
    "write_str", "xor", "zip",
];

#[cfg(test)]
mod tests {
    #[test]
    fn the_list_can_be_searched() {
        assert!(super::METHODS.is_sorted());
        assert!(super::is_std_method("len") && !super::is_std_method("fetch_quietly"));
    }
}
