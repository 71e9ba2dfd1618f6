#!/usr/bin/env python3
"""Makes src/functions/catalog.rs: the registry of functions and operators.

    psql -qAt -F $'\t' -f testdata/catalog.sql   writes procs.tsv and opers.tsv into the current directory
    python3 testdata/catalog.py DIR              reads them from DIR

The catalog of a PostgreSQL says which overloads there are, with OIDs, types, strictness and volatility. An overload is
taken if the sources under src/functions have code for it: a function that is named as its C function (prosrc), or
one that SPECIAL names. What has no code is listed on stderr with --missing.
"""
import glob, os, re, sys

here = os.path.dirname(os.path.abspath(__file__))
src = os.path.join(here, '..', 'src', 'functions')
data = sys.argv[1]

TYPES = {
    'boolean': 'Bool', 'smallint': 'Int2', 'integer': 'Int4', 'bigint': 'Int8', 'real': 'Float4',
    'double precision': 'Float8', 'numeric': 'Numeric', 'text': 'Text', 'character varying': 'Varchar',
    'character': 'Bpchar', '"char"': 'Char', 'name': 'Name', 'bytea': 'Bytea', 'date': 'Date',
    'time without time zone': 'Time', 'time with time zone': 'TimeTz', 'timestamp without time zone': 'Timestamp',
    'timestamp with time zone': 'TimestampTz', 'interval': 'Interval', 'uuid': 'Uuid', 'json': 'Json',
    'jsonb': 'Jsonb', 'oid': 'Oid', 'regclass': 'RegClass', 'regtype': 'RegType', 'regproc': 'RegProc',
    'regnamespace': 'RegNamespace', 'regoper': 'RegOper', 'regoperator': 'RegOperator', 'regprocedure': 'RegProcedure',
    'regconfig': 'RegConfig', 'regdictionary': 'RegDictionary', 'regrole': 'RegRole', 'regcollation': 'RegCollation', 'int2vector': 'Int2Vector', 'oidvector': 'OidVector', 'xid': 'Xid',
    'pg_node_tree': 'NodeTree', 'record': 'Record', 'void': 'Void', 'unknown': 'Unknown',
}
POLY = {'anyelement': 'AnyElement', 'anynonarray': 'AnyElement', 'anycompatible': 'AnyElement',
        'anycompatiblenonarray': 'AnyElement', 'anyarray': 'AnyArray', 'anycompatiblearray': 'AnyArray', '"any"': 'Any'}

def rust_type(t):
    if t in TYPES:
        return 'Type::' + TYPES[t]
    if t.endswith('[]') and t[:-2] in TYPES:
        return f'Type::Array(&Type::{TYPES[t[:-2]]})'
    return None

def arg(t):
    if t in POLY:
        return POLY[t]
    r = rust_type(t)
    return r and f'Exact({r})'

def ret(t):
    if t in POLY and t != '"any"':
        return 'ReturnType::' + POLY[t]
    r = rust_type(t)
    return r and f'ReturnType::Exact({r})'

# name in the sources -> path
scalar, typed, session = {}, {}, {}
for path in sorted(glob.glob(os.path.join(src, '*.rs'))):
    mod = os.path.basename(path)[:-3]
    if mod in ('catalog', 'mod'):
        continue
    text = open(path).read()
    for block in re.findall(r'^scalars! \{\n(.*?)^\}', text, re.S | re.M):
        for m in re.finditer(r'^    (\w+)(?:\[\w+\])?\(.*=>', block, re.M):
            scalar[m.group(1)] = f'{mod}::{m.group(1)}'
    for block in re.findall(r'^session! \{\n(.*?)^\}', text, re.S | re.M):
        for m in re.finditer(r'^    (\w+);', block, re.M):
            session[m.group(1)] = f'{mod}::{m.group(1)}'
    for m in re.finditer(r'^pub\(crate\) fn (\w+)\(\s*args: &\[Datum\],\s*_?\w*: &\[Type\]', text, re.M):
        typed[m.group(1)] = f'{mod}::{m.group(1)}'
    for m in re.finditer(r'^pub\(crate\) fn (\w+)\(\s*args: &\[Datum\],\s*_?\w*: &(?:crate::)?EvalContext', text, re.M):
        if mod != 'sets':
            scalar[m.group(1)] = f'{mod}::{m.group(1)}'
    for block in re.findall(r'^conversions! \{\n(.*?)^\}', text, re.S | re.M):
        for m in re.finditer(r'^    (\w+) =>', block, re.M):
            typed[m.group(1)] = f'{mod}::{m.group(1)}'

# prosrc or (name, args) -> our function
ALIAS = {
    'text_format': 'format_any', 'text_format_nv': 'format_any', 'text_concat': 'concat_any',
    'text_concat_ws': 'concat_ws_any', 'array_to_text': 'array_to_string', 'array_to_text_null': 'array_to_string',
    'array_to_json': 'to_json', 'row_to_json': 'to_json', 'array_to_json_pretty': 'to_json_pretty',
    'row_to_json_pretty': 'to_json_pretty', 'array_fill_with_lower_bounds': 'array_fill',
    'pg_num_nulls': 'num_nulls', 'pg_num_nonnulls': 'num_nonnulls', 'overlaps_time': 'overlaps',
    'overlaps_timestamp': 'overlaps', 'overlaps_timetz': 'overlaps', 'show_config_by_name': 'current_setting',
    'show_config_by_name_missing_ok': 'current_setting', 'set_config_by_name': 'set_config',
    'namelike': 'textlike', 'namenlike': 'textnlike', 'nameiclike': 'texticlike', 'nameicnlike': 'texticnlike',
    'nameregexeq': 'textregexeq', 'nameregexne': 'textregexne', 'nameicregexeq': 'texticregexeq',
    'nameicregexne': 'texticregexne', 'like_escape_bytea': None, 'int2um': 'int2um',
    'similar_to_escape_1': 'similar_to_escape_1', 'int8inc_any': None,
    'oidvectortypes': 'oidvectortypes', 'booland': None, 'bool_int4': None,
    'timestamp_age': 'timestamp_age', 'bytea_string_agg_transfn': None, 'bttextcmp': 'cmp',
    'byteacat': 'byteacat', 'xideq': 'eq', 'xidneq': 'ne', 'textnename': 'ne', 'parse_ident': 'parse_ident',
    'int8up': 'int8up', 'byteaGetByte': 'bytea_get_byte', 'byteaSetByte': 'bytea_set_byte',
    'byteaGetBit': 'bytea_get_bit', 'byteaSetBit': 'bytea_set_bit', 'PG_encoding_to_char': 'pg_encoding_name',
    'PG_char_to_encoding': 'pg_encoding_number', 'dlog10': 'dlog10', 'pg_my_temp_schema': 'pg_my_temp_schema',
    'textregexeq': 'textregexeq', 'dround': 'dround',
}
for ours in ('bpchar',):
    for op in ('iclike', 'icnlike', 'icregexeq', 'icregexne', 'like', 'nlike', 'regexeq', 'regexne'):
        ALIAS['bpchar' + op] = 'text' + op
SQL = {
    ('age', 'timestamp with time zone'): 'timestamptz_age_today',
    ('age', 'timestamp without time zone'): 'timestamp_age_today',
    ('anytextcat', None): 'any_text_cat', ('textanycat', None): 'any_text_cat',
    ('bit_length', 'bytea'): 'bytea_bit_length', ('bit_length', 'text'): 'text_bit_length',
    ('date_part', 'text;date'): 'date_part_date', ('log', 'numeric'): 'numeric_log10',
    ('log10', 'numeric'): 'numeric_log10', ('lpad', 'text;integer'): 'lpad_blank',
    ('rpad', 'text;integer'): 'rpad_blank', ('quote_literal', 'anyelement'): 'quote_any',
    ('quote_nullable', 'anyelement'): 'quote_nullable_any', ('round', 'numeric'): 'numeric_round_0',
    ('trunc', 'numeric'): 'numeric_trunc_0', ('substring', 'text;text;text'): 'similar_substring',
    ('timestamptz', 'date;time without time zone'): 'date_time_timestamptz',
    ('overlaps', None): 'overlaps', ('interval_pl_date', None): 'interval_pl_date',
    ('pg_collation_for', None): 'pg_collation_for', ('age', 'xid'): 'age_xid',
    ('similar_to_escape', 'text'): 'similar_to_escape_1', ('similar_to_escape', 'text;text'): 'similar_to_escape_2',
    ('timetz', 'time without time zone'): 'to_timetz', ('bit_count', 'bytea'): 'bytea_bit_count',
    ('length', 'bytea;name'): 'length_in_encoding', ('mul_d_interval', None): 'mul_d_interval',
    ('#>', None): None,
}
CONVERT = {'bool': 'to_bool', 'int2': 'to_int2', 'int4': 'to_int4', 'int8': 'to_int8', 'float4': 'to_float4',
           'float8': 'to_float8', 'numeric': 'to_numeric', 'text': 'to_text_type', 'varchar': 'to_varchar',
           'bpchar': 'to_bpchar', 'name': 'to_name', 'char': 'to_char_type', 'date': 'to_date_type', 'time': 'to_time',
           'timetz': 'to_timetz', 'timestamp': 'to_timestamp_type', 'timestamptz': 'to_timestamptz_type',
           'interval': 'to_interval', 'oid': 'to_oid', 'regclass': 'to_regclass_type'}
COMPARE = {'=': ('Eq', 'eq'), '<>': ('Ne', 'ne'), '<': ('Lt', 'lt'), '<=': ('Le', 'le'), '>': ('Gt', 'gt'),
           '>=': ('Ge', 'ge')}
MOMENTS = {'date', 'timestamp without time zone', 'timestamp with time zone'}

opers = [l.rstrip('\n').split('\t') for l in open(os.path.join(data, 'opers.tsv'))]
by_proc = {}
for o in opers:
    by_proc.setdefault(o[4], []).append(o)

rows, missing, sets = [], [], []
for line in open(os.path.join(data, 'procs.tsv')):
    oid, name, kind, retset, vol, strict, variadic, args, result, lang, prosrc, defaults = line.rstrip('\n').split('\t')
    if kind != 'f' or retset == 't':
        continue
    if prosrc.startswith('hash') or 'recv' in prosrc or 'send' in prosrc or prosrc.startswith('binary_upgrade') \
            or prosrc.startswith('pg_stat_') and prosrc not in session or name == 'in_range':
        if name not in session:
            continue
    argl = args.split(';') if args else []
    if variadic == 't' and argl[-1].endswith('[]'):
        argl[-1] = argl[-1][:-2]
    compare = None
    fn = None
    ops = by_proc.get(oid, [])
    symbols = {o[1] for o in ops}
    cmp_symbol = next((s for s in symbols if s in COMPARE), None)
    if cmp_symbol and result == 'boolean' and len(argl) == 2 and 'record_image' not in prosrc:
        variant, suffix = COMPARE[cmp_symbol]
        if set(argl) == {'character'}:
            fn = f'padded_{suffix}'
        elif argl[0] != argl[1] and set(argl) <= MOMENTS:
            fn = f'moment_{suffix}'
        else:
            fn = suffix
        compare = variant
    elif (name, args) in SQL:
        fn = SQL[(name, args)]
    elif (name, None) in SQL and (lang != 'internal' or name in ('pg_collation_for', 'mul_d_interval')):
        fn = SQL[(name, None)]
    elif prosrc in ALIAS and ALIAS[prosrc]:
        fn = ALIAS[prosrc]
    elif lang == 'internal' and prosrc in ('json_extract_path_op',):
        fn = prosrc
    elif len(argl) >= 1 and name in CONVERT and (len(argl) == 1 or argl[1:] == ['integer'] or argl[1:] == ['integer', 'boolean']):
        fn = CONVERT[name]
        if name in ('datetime_pl',):
            fn = None
    elif prosrc in scalar or prosrc in typed:
        fn = prosrc
    elif name in session:
        fn = name
    elif lang != 'internal' and (name in scalar or name in typed):
        fn = name
    elif re.fullmatch(r'.*(_larger|larger)', prosrc) and len(argl) == 2 and argl[0] == argl[1]:
        fn = 'larger'
    elif re.fullmatch(r'.*(_smaller|smaller)', prosrc) and len(argl) == 2 and argl[0] == argl[1]:
        fn = 'smaller'
    elif re.fullmatch(r'bt\w+cmp|\w+_cmp', prosrc) and len(argl) == 2 and argl[0] == argl[1] and result == 'integer':
        fn = 'cmp'
    path = None
    is_typed = False
    if fn in typed:
        path, is_typed = typed[fn], True
    elif fn in scalar:
        path = scalar[fn]
    elif fn in session:
        path = session[fn]
    rargs = [arg(a) for a in argl]
    rret = ret(result)
    if path is None or None in rargs or rret is None:
        missing.append((name, args, prosrc))
        continue
    # Arguments that may be left out: one more overload for each.
    required = len(argl) - int(defaults or 0)
    if variadic == 't' or path.startswith('misc::to_'):
        required = len(argl)
    symbol = next(iter(sorted(s for s in symbols)), None)
    rows.append((name, int(oid), rargs, variadic == 't', rret, strict == 't', vol, path, is_typed, compare, symbol,
                 int(defaults or 0), prosrc))

# Operators take as an array what their functions take as VARIADIC: these have functions of their own.
for (name, oid, suffix) in (('json_extract_path', None, '_op'), ('json_extract_path_text', None, '_op'),
                            ('jsonb_extract_path', None, '_op'), ('jsonb_extract_path_text', None, '_op'),
                            ('jsonb_delete', None, '_array_op')):
    row = next(r for r in rows if r[0] == name and r[3])
    args = row[2][:-1] + ['Exact(Type::Array(&Type::Text))']
    rows.append((name + suffix, row[1], args, False, row[4], True, row[6], scalar[name + suffix], False, None, row[10], 0, ''))
    rows[rows.index(row)] = row[:10] + (None,) + row[11:]

# Overloads that the grammar makes of words without parentheses; PostgreSQL has no functions for them.
def extra(name, args, result, vol, path, strict=False):
    rows.append((name, 0, args, False, result, strict, vol, path, False, None, None, 0, ''))
T = 'ReturnType::Exact(Type::%s)'
extra('current_date', [], T % 'Date', 's', 'datetime::current_date')
extra('current_time', [], T % 'TimeTz', 's', 'datetime::current_time')
extra('current_timestamp', [], T % 'TimestampTz', 's', 'datetime::now')
extra('localtime', [], T % 'Time', 's', 'datetime::localtime')
extra('localtimestamp', [], T % 'Timestamp', 's', 'datetime::localtimestamp')
extra('current_role', [], T % 'Name', 's', 'session::current_user')
extra('user', [], T % 'Name', 's', 'session::current_user')
extra('current_catalog', [], T % 'Name', 's', 'session::current_database')
extra('inet_server_addr', [], T % 'Text', 's', 'session::inet_server_addr')
extra('jsonb_set', ['Exact(Type::Jsonb)', 'Exact(Type::Array(&Type::Text))', 'Exact(Type::Jsonb)'], T % 'Jsonb', 'i', 'json::jsonb_set_3', True)
extra('jsonb_insert', ['Exact(Type::Jsonb)', 'Exact(Type::Array(&Type::Text))', 'Exact(Type::Jsonb)'], T % 'Jsonb', 'i', 'json::jsonb_insert_3', True)
extra('jsonb_set_lax', ['Exact(Type::Jsonb)', 'Exact(Type::Array(&Type::Text))', 'Exact(Type::Jsonb)'], T % 'Jsonb', 'i', 'json::jsonb_set_lax_3')
extra('jsonb_set_lax', ['Exact(Type::Jsonb)', 'Exact(Type::Array(&Type::Text))', 'Exact(Type::Jsonb)', 'Exact(Type::Bool)'], T % 'Jsonb', 'i', 'json::jsonb_set_lax_4')
extra('parse_ident', ['Exact(Type::Text)'], 'ReturnType::Exact(Type::Array(&Type::Text))', 'i', 'text::parse_ident_1', True)
for n in range(0, 7):
    extra('make_interval', ['Exact(Type::Int4)'] * n, T % 'Interval', 'i', 'datetime::make_interval_short', True)
extra('normalize', ['Exact(Type::Text)'], T % 'Text', 'i', 'text::normalize_nfc', True)
extra('is_normalized', ['Exact(Type::Text)'], T % 'Bool', 'i', 'text::is_normalized_nfc', True)
extra('inet_client_addr', [], T % 'Text', 's', 'session::inet_client_addr')

rows.sort(key=lambda r: (r[0], r[1]))
VOL = {'i': 'Immutable', 's': 'Stable', 'v': 'Volatile'}
DEFAULTS = {  # name -> the values of the arguments that may be left out
}
out = []
out.append('''//! The registry's table: one line per overload of a function or operator, sorted by name.
//!
//! Made by `testdata/catalog.py` from the catalog of a PostgreSQL 15; not to be edited.

use crate::aggregate::{AggregateFunction, AggregateKind, Regression, Spread};
use crate::function::ArgType::{Any, AnyArray, AnyElement, Exact};
use crate::function::Comparison::{Eq, Ge, Gt, Le, Lt, Ne};
use crate::function::Volatility::{Immutable, Stable, Volatile};
use crate::function::{ArgType, Comparison, Function, ReturnType, ScalarFn, SetFunction, TypedFn, Volatility};
use crate::functions::{
    MODS
};
use crate::types::Type;
use crate::window::{WindowFunction, WindowKind};

/// An operator as the table has it.
#[derive(Debug)]
pub struct OperatorRow {
    /// Symbol.
    pub symbol: &'static str,
    /// pg_operator OID.
    pub oid: u32,
    /// pg_proc OID of its function.
    pub function: u32,
    /// Symbol of its commutator, or nothing.
    pub commutator: &'static str,
    /// Symbol of its negator, or nothing.
    pub negator: &'static str,
}

const fn o(
    symbol: &'static str,
    oid: u32,
    function: u32,
    commutator: &'static str,
    negator: &'static str,
) -> OperatorRow {
    OperatorRow { symbol, oid, function, commutator, negator }
}

#[derive(Clone, Copy)]
enum Code {
    Plain(ScalarFn),
    Typed(TypedFn),
}
use Code::{Plain, Typed};

/// Typed functions called without types work from what the values show.
fn untyped(args: &[crate::Datum], _: &crate::EvalContext<'_>) -> crate::Result<crate::Datum> {
    Err(crate::Error::internal(format!("a polymorphic function of {} arguments needs their types", args.len())))
}

#[allow(clippy::too_many_arguments)]
const fn f(
    name: &'static str,
    oid: u32,
    args: &'static [ArgType],
    variadic: bool,
    ret: ReturnType,
    strict: bool,
    volatility: Volatility,
    code: Code,
    comparison: Option<Comparison>,
    operator: Option<&'static str>,
) -> Function {
    let (eval, typed): (ScalarFn, Option<TypedFn>) = match code {
        Plain(eval) => (eval, None),
        Typed(typed) => (untyped, Some(typed)),
    };
    Function { name, oid, args, variadic, ret, strict, volatility, eval, typed, comparison, operator }
}

/// Every scalar function.
#[rustfmt::skip]
pub static FUNCTIONS: &[Function] = &[''')
b = lambda x: 'true' if x else 'false'
for (name, oid, rargs, variadic, rret, strict, vol, path, is_typed, compare, symbol, ndef, prosrc) in rows:
    code = f'Typed({path})' if is_typed else f'Plain({path})'
    comp = f'Some({compare})' if compare else 'None'
    sym = f'Some("{symbol}")' if symbol else 'None'
    out.append(f'    f("{name}", {oid}, &[{", ".join(rargs)}], {b(variadic)}, {rret}, {b(strict)}, {VOL[vol]}, {code}, {comp}, {sym}),')
out.append('];\n')
have = {r[1] for r in rows}
out.append('/// Every operator.\n#[rustfmt::skip]\npub static OPERATORS: &[OperatorRow] = &[')
for ooid, symbol, left, right, proc, com, neg, comname, negname in sorted(opers, key=lambda o: (o[1], int(o[0]))):
    if int(proc) in have:
        out.append(f'    o("{symbol}", {ooid}, {proc}, "{comname}", "{negname}"),')
    else:
        missing.append(('operator ' + symbol, left + ';' + right, proc))
out.append('];\n')

SETS = {
    'generate_series_int4': 'generate_series', 'generate_series_step_int4': 'generate_series',
    'generate_series_int8': 'generate_series', 'generate_series_step_int8': 'generate_series',
    'generate_series_numeric': 'generate_series_numeric', 'generate_series_step_numeric': 'generate_series_numeric',
    'generate_series_timestamp': 'datetime::series', 'generate_series_timestamptz': 'datetime::series',
    'array_unnest': 'unnest', 'generate_subscripts': 'array::subscripts', 'generate_subscripts_nodir': 'array::subscripts',
    'regexp_matches': 'regexp_matches', 'regexp_matches_no_flags': 'regexp_matches',
    'regexp_split_to_table': 'regexp_split_to_table', 'regexp_split_to_table_no_flags': 'regexp_split_to_table',
    'text_to_table': 'string_to_table', 'text_to_table_null': 'string_to_table',
}
for n in ('json_each', 'json_each_text', 'json_object_keys', 'json_array_elements', 'json_array_elements_text',
          'jsonb_each', 'jsonb_each_text', 'jsonb_object_keys', 'jsonb_array_elements', 'jsonb_array_elements_text',
          'pg_get_keywords', 'pg_partition_ancestors', 'pg_listening_channels', 'pg_timezone_names',
          'pg_timezone_abbrevs', 'pg_options_to_table', 'pg_partition_tree'):
    SETS[n] = n
SETS['ts_token_type_byid'] = SETS['ts_token_type_byname'] = 'ts_token_type'
text = 'Exact(Type::Text)'
COLUMNS = {
    'json_each': [('key', 'Text'), ('value', 'Json')], 'json_each_text': [('key', 'Text'), ('value', 'Text')],
    'jsonb_each': [('key', 'Text'), ('value', 'Jsonb')], 'jsonb_each_text': [('key', 'Text'), ('value', 'Text')],
    'json_array_elements': [('value', 'Json')], 'json_array_elements_text': [('value', 'Text')],
    'jsonb_array_elements': [('value', 'Jsonb')], 'jsonb_array_elements_text': [('value', 'Text')],
    'pg_get_keywords': [('word', 'Text'), ('catcode', 'Char'), ('barelabel', 'Bool'), ('catdesc', 'Text'), ('baredesc', 'Text')],
    'pg_timezone_names': [('name', 'Text'), ('abbrev', 'Text'), ('utc_offset', 'Interval'), ('is_dst', 'Bool')],
    'pg_timezone_abbrevs': [('abbrev', 'Text'), ('utc_offset', 'Interval'), ('is_dst', 'Bool')],
    'pg_options_to_table': [('option_name', 'Text'), ('option_value', 'Text')],
    'pg_partition_ancestors': [('relid', 'RegClass')],
    'pg_partition_tree': [('relid', 'RegClass'), ('parentrelid', 'RegClass'), ('isleaf', 'Bool'), ('level', 'Int4')],
    'ts_token_type': [('tokid', 'Int4'), ('alias', 'Text'), ('description', 'Text')],
}
setrows = []
for line in open(os.path.join(data, 'procs.tsv')):
    oid, name, kind, retset, vol, strict, variadic, args, result, lang, prosrc, defaults = line.rstrip('\n').split('\t')
    if kind != 'f' or retset != 't' or prosrc not in SETS:
        continue
    argl = args.split(';') if args else []
    if name in COLUMNS:
        columns = ', '.join(f'("{c}", ReturnType::Exact(Type::{t}))' for c, t in COLUMNS[name])
    else:
        columns = f'("{name}", {ret(result)})'
    path = SETS[prosrc]
    if '::' not in path:
        path = 'sets::' + path
    setrows.append((name, int(oid), f'    SetFunction {{ name: "{name}", oid: {oid}, args: &[{", ".join(arg(a) for a in argl)}], variadic: {"true" if variadic == "t" else "false"}, columns: &[{columns}], strict: {b(strict == "t")}, volatility: {VOL[vol]}, eval: {path} }},'))
# information_schema's own; vectors are no arrays here.
setrows.append(('_pg_expandarray', 1, '    SetFunction { name: "_pg_expandarray", oid: 0, args: &[Exact(Type::Int2Vector)], variadic: false, columns: &[("x", ReturnType::Exact(Type::Int2)), ("n", ReturnType::Exact(Type::Int4))], strict: true, volatility: Immutable, eval: sets::pg_expandarray },'))
setrows.append(('_pg_expandarray', 2, '    SetFunction { name: "_pg_expandarray", oid: 0, args: &[Exact(Type::OidVector)], variadic: false, columns: &[("x", ReturnType::Exact(Type::Oid)), ("n", ReturnType::Exact(Type::Int4))], strict: true, volatility: Immutable, eval: sets::pg_expandarray },'))
setrows.append(('_pg_expandarray', 3, '    SetFunction { name: "_pg_expandarray", oid: 0, args: &[AnyArray], variadic: false, columns: &[("x", ReturnType::AnyElement), ("n", ReturnType::Exact(Type::Int4))], strict: true, volatility: Immutable, eval: sets::pg_expandarray },'))
# aclitem stands as text.
setrows.append(('aclexplode', 1689, '    SetFunction { name: "aclexplode", oid: 1689, args: &[Exact(Type::Array(&Type::Text))], variadic: false, columns: &[("grantor", ReturnType::Exact(Type::Oid)), ("grantee", ReturnType::Exact(Type::Oid)), ("privilege_type", ReturnType::Exact(Type::Text)), ("is_grantable", ReturnType::Exact(Type::Bool))], strict: true, volatility: Stable, eval: sets::aclexplode },'))
out.append('/// Every set-returning function.\n#[rustfmt::skip]\npub static SET_FUNCTIONS: &[SetFunction] = &[')
out += [r[2] for r in sorted(setrows)]
out.append('];')

# Aggregates and window functions.
def agg_kind(name, argl):
    a = argl[-1] if argl else None
    spreads = {'var_pop': 'VarPop', 'var_samp': 'VarSamp', 'variance': 'VarSamp', 'stddev_pop': 'StddevPop',
               'stddev_samp': 'StddevSamp', 'stddev': 'StddevSamp'}
    regr = {'corr': 'Corr', 'covar_pop': 'CovarPop', 'covar_samp': 'CovarSamp', 'regr_avgx': 'AvgX', 'regr_avgy': 'AvgY',
            'regr_count': 'Count', 'regr_intercept': 'Intercept', 'regr_r2': 'R2', 'regr_slope': 'Slope',
            'regr_sxx': 'Sxx', 'regr_sxy': 'Sxy', 'regr_syy': 'Syy'}
    ints = {'smallint', 'integer', 'bigint'}
    floats = {'real', 'double precision'}
    if name == 'count':
        return 'Count' if argl else 'CountStar'
    if name == 'sum':
        return {'smallint': 'SumInt', 'integer': 'SumInt', 'bigint': 'SumInt8', 'numeric': 'SumNumeric',
                'real': 'SumFloat4', 'double precision': 'SumFloat8', 'interval': 'SumInterval'}.get(a)
    if name == 'avg':
        return 'AvgInt' if a in ints else 'AvgFloat' if a in floats else {'numeric': 'AvgNumeric', 'interval': 'AvgInterval'}.get(a)
    if name in spreads:
        return f'SpreadFloat(Spread::{spreads[name]})' if a in floats else f'SpreadNumeric(Spread::{spreads[name]})'
    if name in regr:
        return f'Regression(Regression::{regr[name]})'
    return {'min': 'Min', 'max': 'Max', 'bool_and': 'BoolAnd', 'every': 'BoolAnd', 'bool_or': 'BoolOr', 'bit_and': 'BitAnd',
            'bit_or': 'BitOr', 'bit_xor': 'BitXor', 'string_agg': 'ByteaAgg' if a == 'bytea' else 'StringAgg',
            'array_agg': 'ArrayAgg', 'json_agg': 'JsonAgg', 'jsonb_agg': 'JsonbAgg', 'json_object_agg': 'JsonObjectAgg',
            'jsonb_object_agg': 'JsonbObjectAgg', 'percentile_cont': 'PercentileCont', 'percentile_disc': 'PercentileDisc',
            'mode': 'Mode'}.get(name)

aggs, wins = [], []
KEEPS = ('StringAgg', 'ByteaAgg', 'ArrayAgg', 'Json', 'Percentile', 'Mode')
for line in open(os.path.join(data, 'procs.tsv')):
    oid, name, kind, retset, vol, strict, variadic, args, result, lang, prosrc, defaults = line.rstrip('\n').split('\t')
    argl = args.split(';') if args else []
    if kind == 'a':
        k = agg_kind(name, argl)
        if k is None or name == 'array_agg' and args == 'anyarray':
            continue
        poly = [arg(a) for a in argl]
        partial = not k.startswith(KEEPS)
        aggs.append((name, int(oid), f'    AggregateFunction {{ name: "{name}", oid: {oid}, args: &[{", ".join(poly)}], ret: {ret(result)}, partial: {b(partial)}, kind: AggregateKind::{k} }},'))
        # uuid has no min and max in PostgreSQL 15, nor has bytea; nothing to add.
    if kind == 'w':
        variant = ''.join(w.capitalize() for w in name.split('_'))
        wins.append((name, int(oid), f'    WindowFunction {{ name: "{name}", oid: {oid}, args: &[{", ".join(arg(a) for a in argl)}], ret: {ret(result)}, kind: WindowKind::{variant} }},'))
out.append('\n/// Every aggregate.\n#[rustfmt::skip]\npub static AGGREGATES: &[AggregateFunction] = &[')
out += [r[2] for r in sorted(aggs)]
out.append('];\n\n/// Every window function.\n#[rustfmt::skip]\npub static WINDOW_FUNCTIONS: &[WindowFunction] = &[')
out += [r[2] for r in sorted(wins)]
out.append('];')
body = '\n'.join(out) + '\n'
mods = sorted({m for m in re.findall(r'\b(\w+)::\w+\)', body) if os.path.exists(os.path.join(src, m + '.rs'))} | {'sets'})
body = body.replace('    MODS', '    ' + ', '.join(mods) + ',')
open(os.path.join(src, 'catalog.rs'), 'w').write(body)
if '--missing' in sys.argv:
    for m in missing:
        print(*m, sep='\t', file=sys.stderr)
print(len(rows), 'functions', len(setrows), 'set functions', len(missing), 'missing')
