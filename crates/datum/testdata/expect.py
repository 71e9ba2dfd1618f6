#!/usr/bin/env python3
"""Fills in the expectations of testdata/functions/*.txt from a PostgreSQL 15.

    python3 testdata/expect.py 'host=… port=… user=…'

A line is a call and, behind ` => `, what PostgreSQL answers: a value as its type's output function writes it, `\\N` for
NULL, or `ERROR code message`. Calls are `name | type:value | …`, where the name may be `op:+` (with one empty operand for
prefix operators), `set:name` (its rows, one after the other) or `agg:name` (over the elements of arrays; `agg:name:distinct`,
`:desc`). Values are escaped like in COPY.
"""
import glob, os, subprocess, sys

here = os.path.dirname(os.path.abspath(__file__))
conninfo = sys.argv[1]

def unescape(s):
    out, i = '', 0
    while i < len(s):
        if s[i] == '\\' and i + 1 < len(s):
            out += {'n': '\n', 't': '\t', 'r': '\r', '\\': '\\', 'p': '|'}.get(s[i + 1], s[i:i + 2])
            i += 2
        else:
            out += s[i]
            i += 1
    return out

def literal(s):
    return "'" + s.replace("'", "''") + "'"

def value(a):
    ty, _, text = a.partition(':')
    if text == '\\N':
        return f'NULL::{ty}'
    return f'{literal(unescape(text))}::{ty}'

def query(call):
    parts = [p.strip(' ') for p in call.split(' | ')]
    name, args = parts[0], parts[1:]
    if name.startswith('op:'):
        op = unescape(name[3:])
        if args[0] == '':
            expr = f'{op} ({value(args[1])})'
        else:
            expr = f'({value(args[0])}) {op} ({value(args[1])})'
    elif name.startswith('set:'):
        return f"select coalesce(string_agg(format('%s', x), ' ; '), '') from (select {name[4:]}({', '.join(map(value, args))}) as x) s"
    elif name.startswith('agg:'):
        _, agg, *mods = name.split(':')
        columns = ', '.join(f'c{i}' for i in range(len(args)))
        arrays = ', '.join(value(a) for a in args)
        if 'within' in mods:
            inner = f"{agg}({columns.split(', ')[0] if len(args) > 1 else ''}) within group (order by {columns.split(', ')[-1]}{' desc' if 'desc' in mods else ''})"
            if len(args) > 1:
                inner = f"{agg}({value(args[0])}) within group (order by c0{' desc' if 'desc' in mods else ''})"
                arrays, columns = value(args[1]), 'c0'
        else:
            order = ' order by c0 desc' if 'desc' in mods else ''
            inner = f"{agg}({'distinct ' if 'distinct' in mods else ''}{columns or '*'}{order})"
        expr = f'(select {inner} from unnest({arrays}) as u({columns}))'
    else:
        expr = f"pg_catalog.\"{name}\"({', '.join(map(value, args))})"
    return f"select case when x is null and pg_typeof(x) <> 'record'::regtype then '\\N' else format('%s', x) end from (select {expr} as x) s"

def escape(s):
    return s.replace('\\', '\\\\').replace('\n', '\\n').replace('\t', '\\t').replace('\r', '\\r') if s != '\\N' else s

for path in sorted(glob.glob(os.path.join(here, 'functions', '*.txt'))):
    lines = open(path).read().split('\n')
    calls = [(i, l.split(' => ')[0].rstrip()) for i, l in enumerate(lines) if l and not l.startswith('#')]
    script = ["set timezone = 'UTC'; set datestyle = 'ISO, MDY'; set client_min_messages = error;",
              "create function pg_temp.t(q text) returns text language plpgsql as $f$ declare r text; begin execute q into r; "
              "return r; exception when others then return 'ERROR ' || sqlstate || ' ' || sqlerrm; end $f$;"]
    for i, call in calls:
        script.append(f"select {literal(str(i))} || chr(1) || replace(replace(replace(replace(coalesce(pg_temp.t({literal(query(call))}), '\\N'), '\\', '\\\\'), E'\\n', '\\n'), E'\\t', '\\t'), E'\\r', '\\r');")
    out = subprocess.run(['psql', '-qAtX', conninfo], input='\n'.join(script), capture_output=True, text=True)
    if out.stderr:
        print(path, out.stderr[:2000], file=sys.stderr)
    answers = dict(l.split('\x01', 1) for l in out.stdout.split('\n') if '\x01' in l)
    for i, call in calls:
        answer = answers.get(str(i), 'ERROR ?')
        lines[i] = f"{call} => {answer if answer != chr(92) * 2 + 'N' else chr(92) + 'N'}"
    open(path, 'w').write('\n'.join(lines))
    print(path, len(calls))
