//! PostgreSQL's key words and their classes. Generated order: sorted, so that a word is found by binary search.

/// Where a key word may be used as a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Anywhere.
    Unreserved,
    /// As a column or table, not as a function or type.
    ColName,
    /// As a function or type, not as a column or table.
    TypeFunc,
    /// Only as a label after AS.
    Reserved,
}

/// A key word: its index in [`WORDS`]; [`K::IDENT`] for other identifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct K(pub u16);

/// Word, class, and whether it may be a label without AS.
pub static WORDS: &[(&str, Class, bool)] = &[
    ("abort", Class::Unreserved, true),
    ("absolute", Class::Unreserved, true),
    ("access", Class::Unreserved, true),
    ("action", Class::Unreserved, true),
    ("add", Class::Unreserved, true),
    ("admin", Class::Unreserved, true),
    ("after", Class::Unreserved, true),
    ("aggregate", Class::Unreserved, true),
    ("all", Class::Reserved, true),
    ("also", Class::Unreserved, true),
    ("alter", Class::Unreserved, true),
    ("always", Class::Unreserved, true),
    ("analyse", Class::Reserved, true),
    ("analyze", Class::Reserved, true),
    ("and", Class::Reserved, true),
    ("any", Class::Reserved, true),
    ("array", Class::Reserved, false),
    ("as", Class::Reserved, false),
    ("asc", Class::Reserved, true),
    ("asensitive", Class::Unreserved, true),
    ("assertion", Class::Unreserved, true),
    ("assignment", Class::Unreserved, true),
    ("asymmetric", Class::Reserved, true),
    ("at", Class::Unreserved, true),
    ("atomic", Class::Unreserved, true),
    ("attach", Class::Unreserved, true),
    ("attribute", Class::Unreserved, true),
    ("authorization", Class::TypeFunc, true),
    ("backward", Class::Unreserved, true),
    ("before", Class::Unreserved, true),
    ("begin", Class::Unreserved, true),
    ("between", Class::ColName, true),
    ("bigint", Class::ColName, true),
    ("binary", Class::TypeFunc, true),
    ("bit", Class::ColName, true),
    ("boolean", Class::ColName, true),
    ("both", Class::Reserved, true),
    ("breadth", Class::Unreserved, true),
    ("by", Class::Unreserved, true),
    ("cache", Class::Unreserved, true),
    ("call", Class::Unreserved, true),
    ("called", Class::Unreserved, true),
    ("cascade", Class::Unreserved, true),
    ("cascaded", Class::Unreserved, true),
    ("case", Class::Reserved, true),
    ("cast", Class::Reserved, true),
    ("catalog", Class::Unreserved, true),
    ("chain", Class::Unreserved, true),
    ("char", Class::ColName, false),
    ("character", Class::ColName, false),
    ("characteristics", Class::Unreserved, true),
    ("check", Class::Reserved, true),
    ("checkpoint", Class::Unreserved, true),
    ("class", Class::Unreserved, true),
    ("close", Class::Unreserved, true),
    ("cluster", Class::Unreserved, true),
    ("coalesce", Class::ColName, true),
    ("collate", Class::Reserved, true),
    ("collation", Class::TypeFunc, true),
    ("column", Class::Reserved, true),
    ("columns", Class::Unreserved, true),
    ("comment", Class::Unreserved, true),
    ("comments", Class::Unreserved, true),
    ("commit", Class::Unreserved, true),
    ("committed", Class::Unreserved, true),
    ("compression", Class::Unreserved, true),
    ("concurrently", Class::TypeFunc, true),
    ("configuration", Class::Unreserved, true),
    ("conflict", Class::Unreserved, true),
    ("connection", Class::Unreserved, true),
    ("constraint", Class::Reserved, true),
    ("constraints", Class::Unreserved, true),
    ("content", Class::Unreserved, true),
    ("continue", Class::Unreserved, true),
    ("conversion", Class::Unreserved, true),
    ("copy", Class::Unreserved, true),
    ("cost", Class::Unreserved, true),
    ("create", Class::Reserved, false),
    ("cross", Class::TypeFunc, true),
    ("csv", Class::Unreserved, true),
    ("cube", Class::Unreserved, true),
    ("current", Class::Unreserved, true),
    ("current_catalog", Class::Reserved, true),
    ("current_date", Class::Reserved, true),
    ("current_role", Class::Reserved, true),
    ("current_schema", Class::TypeFunc, true),
    ("current_time", Class::Reserved, true),
    ("current_timestamp", Class::Reserved, true),
    ("current_user", Class::Reserved, true),
    ("cursor", Class::Unreserved, true),
    ("cycle", Class::Unreserved, true),
    ("data", Class::Unreserved, true),
    ("database", Class::Unreserved, true),
    ("day", Class::Unreserved, false),
    ("deallocate", Class::Unreserved, true),
    ("dec", Class::ColName, true),
    ("decimal", Class::ColName, true),
    ("declare", Class::Unreserved, true),
    ("default", Class::Reserved, true),
    ("defaults", Class::Unreserved, true),
    ("deferrable", Class::Reserved, true),
    ("deferred", Class::Unreserved, true),
    ("definer", Class::Unreserved, true),
    ("delete", Class::Unreserved, true),
    ("delimiter", Class::Unreserved, true),
    ("delimiters", Class::Unreserved, true),
    ("depends", Class::Unreserved, true),
    ("depth", Class::Unreserved, true),
    ("desc", Class::Reserved, true),
    ("detach", Class::Unreserved, true),
    ("dictionary", Class::Unreserved, true),
    ("disable", Class::Unreserved, true),
    ("discard", Class::Unreserved, true),
    ("distinct", Class::Reserved, true),
    ("do", Class::Reserved, true),
    ("document", Class::Unreserved, true),
    ("domain", Class::Unreserved, true),
    ("double", Class::Unreserved, true),
    ("drop", Class::Unreserved, true),
    ("each", Class::Unreserved, true),
    ("else", Class::Reserved, true),
    ("enable", Class::Unreserved, true),
    ("encoding", Class::Unreserved, true),
    ("encrypted", Class::Unreserved, true),
    ("end", Class::Reserved, true),
    ("enum", Class::Unreserved, true),
    ("escape", Class::Unreserved, true),
    ("event", Class::Unreserved, true),
    ("except", Class::Reserved, false),
    ("exclude", Class::Unreserved, true),
    ("excluding", Class::Unreserved, true),
    ("exclusive", Class::Unreserved, true),
    ("execute", Class::Unreserved, true),
    ("exists", Class::ColName, true),
    ("explain", Class::Unreserved, true),
    ("expression", Class::Unreserved, true),
    ("extension", Class::Unreserved, true),
    ("external", Class::Unreserved, true),
    ("extract", Class::ColName, true),
    ("false", Class::Reserved, true),
    ("family", Class::Unreserved, true),
    ("fetch", Class::Reserved, false),
    ("filter", Class::Unreserved, false),
    ("finalize", Class::Unreserved, true),
    ("first", Class::Unreserved, true),
    ("float", Class::ColName, true),
    ("following", Class::Unreserved, true),
    ("for", Class::Reserved, false),
    ("force", Class::Unreserved, true),
    ("foreign", Class::Reserved, true),
    ("forward", Class::Unreserved, true),
    ("freeze", Class::TypeFunc, true),
    ("from", Class::Reserved, false),
    ("full", Class::TypeFunc, true),
    ("function", Class::Unreserved, true),
    ("functions", Class::Unreserved, true),
    ("generated", Class::Unreserved, true),
    ("global", Class::Unreserved, true),
    ("grant", Class::Reserved, false),
    ("granted", Class::Unreserved, true),
    ("greatest", Class::ColName, true),
    ("group", Class::Reserved, false),
    ("grouping", Class::ColName, true),
    ("groups", Class::Unreserved, true),
    ("handler", Class::Unreserved, true),
    ("having", Class::Reserved, false),
    ("header", Class::Unreserved, true),
    ("hold", Class::Unreserved, true),
    ("hour", Class::Unreserved, false),
    ("identity", Class::Unreserved, true),
    ("if", Class::Unreserved, true),
    ("ilike", Class::TypeFunc, true),
    ("immediate", Class::Unreserved, true),
    ("immutable", Class::Unreserved, true),
    ("implicit", Class::Unreserved, true),
    ("import", Class::Unreserved, true),
    ("in", Class::Reserved, true),
    ("include", Class::Unreserved, true),
    ("including", Class::Unreserved, true),
    ("increment", Class::Unreserved, true),
    ("index", Class::Unreserved, true),
    ("indexes", Class::Unreserved, true),
    ("inherit", Class::Unreserved, true),
    ("inherits", Class::Unreserved, true),
    ("initially", Class::Reserved, true),
    ("inline", Class::Unreserved, true),
    ("inner", Class::TypeFunc, true),
    ("inout", Class::ColName, true),
    ("input", Class::Unreserved, true),
    ("insensitive", Class::Unreserved, true),
    ("insert", Class::Unreserved, true),
    ("instead", Class::Unreserved, true),
    ("int", Class::ColName, true),
    ("integer", Class::ColName, true),
    ("intersect", Class::Reserved, false),
    ("interval", Class::ColName, true),
    ("into", Class::Reserved, false),
    ("invoker", Class::Unreserved, true),
    ("is", Class::TypeFunc, true),
    ("isnull", Class::TypeFunc, false),
    ("isolation", Class::Unreserved, true),
    ("join", Class::TypeFunc, true),
    ("key", Class::Unreserved, true),
    ("label", Class::Unreserved, true),
    ("language", Class::Unreserved, true),
    ("large", Class::Unreserved, true),
    ("last", Class::Unreserved, true),
    ("lateral", Class::Reserved, true),
    ("leading", Class::Reserved, true),
    ("leakproof", Class::Unreserved, true),
    ("least", Class::ColName, true),
    ("left", Class::TypeFunc, true),
    ("level", Class::Unreserved, true),
    ("like", Class::TypeFunc, true),
    ("limit", Class::Reserved, false),
    ("listen", Class::Unreserved, true),
    ("load", Class::Unreserved, true),
    ("local", Class::Unreserved, true),
    ("localtime", Class::Reserved, true),
    ("localtimestamp", Class::Reserved, true),
    ("location", Class::Unreserved, true),
    ("lock", Class::Unreserved, true),
    ("locked", Class::Unreserved, true),
    ("logged", Class::Unreserved, true),
    ("mapping", Class::Unreserved, true),
    ("match", Class::Unreserved, true),
    ("matched", Class::Unreserved, true),
    ("materialized", Class::Unreserved, true),
    ("maxvalue", Class::Unreserved, true),
    ("merge", Class::Unreserved, true),
    ("method", Class::Unreserved, true),
    ("minute", Class::Unreserved, false),
    ("minvalue", Class::Unreserved, true),
    ("mode", Class::Unreserved, true),
    ("month", Class::Unreserved, false),
    ("move", Class::Unreserved, true),
    ("name", Class::Unreserved, true),
    ("names", Class::Unreserved, true),
    ("national", Class::ColName, true),
    ("natural", Class::TypeFunc, true),
    ("nchar", Class::ColName, true),
    ("new", Class::Unreserved, true),
    ("next", Class::Unreserved, true),
    ("nfc", Class::Unreserved, true),
    ("nfd", Class::Unreserved, true),
    ("nfkc", Class::Unreserved, true),
    ("nfkd", Class::Unreserved, true),
    ("no", Class::Unreserved, true),
    ("none", Class::ColName, true),
    ("normalize", Class::ColName, true),
    ("normalized", Class::Unreserved, true),
    ("not", Class::Reserved, true),
    ("nothing", Class::Unreserved, true),
    ("notify", Class::Unreserved, true),
    ("notnull", Class::TypeFunc, false),
    ("nowait", Class::Unreserved, true),
    ("null", Class::Reserved, true),
    ("nullif", Class::ColName, true),
    ("nulls", Class::Unreserved, true),
    ("numeric", Class::ColName, true),
    ("object", Class::Unreserved, true),
    ("of", Class::Unreserved, true),
    ("off", Class::Unreserved, true),
    ("offset", Class::Reserved, false),
    ("oids", Class::Unreserved, true),
    ("old", Class::Unreserved, true),
    ("on", Class::Reserved, false),
    ("only", Class::Reserved, true),
    ("operator", Class::Unreserved, true),
    ("option", Class::Unreserved, true),
    ("options", Class::Unreserved, true),
    ("or", Class::Reserved, true),
    ("order", Class::Reserved, false),
    ("ordinality", Class::Unreserved, true),
    ("others", Class::Unreserved, true),
    ("out", Class::ColName, true),
    ("outer", Class::TypeFunc, true),
    ("over", Class::Unreserved, false),
    ("overlaps", Class::TypeFunc, false),
    ("overlay", Class::ColName, true),
    ("overriding", Class::Unreserved, true),
    ("owned", Class::Unreserved, true),
    ("owner", Class::Unreserved, true),
    ("parallel", Class::Unreserved, true),
    ("parameter", Class::Unreserved, true),
    ("parser", Class::Unreserved, true),
    ("partial", Class::Unreserved, true),
    ("partition", Class::Unreserved, true),
    ("passing", Class::Unreserved, true),
    ("password", Class::Unreserved, true),
    ("placing", Class::Reserved, true),
    ("plans", Class::Unreserved, true),
    ("policy", Class::Unreserved, true),
    ("position", Class::ColName, true),
    ("preceding", Class::Unreserved, true),
    ("precision", Class::ColName, false),
    ("prepare", Class::Unreserved, true),
    ("prepared", Class::Unreserved, true),
    ("preserve", Class::Unreserved, true),
    ("primary", Class::Reserved, true),
    ("prior", Class::Unreserved, true),
    ("privileges", Class::Unreserved, true),
    ("procedural", Class::Unreserved, true),
    ("procedure", Class::Unreserved, true),
    ("procedures", Class::Unreserved, true),
    ("program", Class::Unreserved, true),
    ("publication", Class::Unreserved, true),
    ("quote", Class::Unreserved, true),
    ("range", Class::Unreserved, true),
    ("read", Class::Unreserved, true),
    ("real", Class::ColName, true),
    ("reassign", Class::Unreserved, true),
    ("recheck", Class::Unreserved, true),
    ("recursive", Class::Unreserved, true),
    ("ref", Class::Unreserved, true),
    ("references", Class::Reserved, true),
    ("referencing", Class::Unreserved, true),
    ("refresh", Class::Unreserved, true),
    ("reindex", Class::Unreserved, true),
    ("relative", Class::Unreserved, true),
    ("release", Class::Unreserved, true),
    ("rename", Class::Unreserved, true),
    ("repeatable", Class::Unreserved, true),
    ("replace", Class::Unreserved, true),
    ("replica", Class::Unreserved, true),
    ("reset", Class::Unreserved, true),
    ("restart", Class::Unreserved, true),
    ("restrict", Class::Unreserved, true),
    ("return", Class::Unreserved, true),
    ("returning", Class::Reserved, false),
    ("returns", Class::Unreserved, true),
    ("revoke", Class::Unreserved, true),
    ("right", Class::TypeFunc, true),
    ("role", Class::Unreserved, true),
    ("rollback", Class::Unreserved, true),
    ("rollup", Class::Unreserved, true),
    ("routine", Class::Unreserved, true),
    ("routines", Class::Unreserved, true),
    ("row", Class::ColName, true),
    ("rows", Class::Unreserved, true),
    ("rule", Class::Unreserved, true),
    ("savepoint", Class::Unreserved, true),
    ("schema", Class::Unreserved, true),
    ("schemas", Class::Unreserved, true),
    ("scroll", Class::Unreserved, true),
    ("search", Class::Unreserved, true),
    ("second", Class::Unreserved, false),
    ("security", Class::Unreserved, true),
    ("select", Class::Reserved, true),
    ("sequence", Class::Unreserved, true),
    ("sequences", Class::Unreserved, true),
    ("serializable", Class::Unreserved, true),
    ("server", Class::Unreserved, true),
    ("session", Class::Unreserved, true),
    ("session_user", Class::Reserved, true),
    ("set", Class::Unreserved, true),
    ("setof", Class::ColName, true),
    ("sets", Class::Unreserved, true),
    ("share", Class::Unreserved, true),
    ("show", Class::Unreserved, true),
    ("similar", Class::TypeFunc, true),
    ("simple", Class::Unreserved, true),
    ("skip", Class::Unreserved, true),
    ("smallint", Class::ColName, true),
    ("snapshot", Class::Unreserved, true),
    ("some", Class::Reserved, true),
    ("sql", Class::Unreserved, true),
    ("stable", Class::Unreserved, true),
    ("standalone", Class::Unreserved, true),
    ("start", Class::Unreserved, true),
    ("statement", Class::Unreserved, true),
    ("statistics", Class::Unreserved, true),
    ("stdin", Class::Unreserved, true),
    ("stdout", Class::Unreserved, true),
    ("storage", Class::Unreserved, true),
    ("stored", Class::Unreserved, true),
    ("strict", Class::Unreserved, true),
    ("strip", Class::Unreserved, true),
    ("subscription", Class::Unreserved, true),
    ("substring", Class::ColName, true),
    ("support", Class::Unreserved, true),
    ("symmetric", Class::Reserved, true),
    ("sysid", Class::Unreserved, true),
    ("system", Class::Unreserved, true),
    ("table", Class::Reserved, true),
    ("tables", Class::Unreserved, true),
    ("tablesample", Class::TypeFunc, true),
    ("tablespace", Class::Unreserved, true),
    ("temp", Class::Unreserved, true),
    ("template", Class::Unreserved, true),
    ("temporary", Class::Unreserved, true),
    ("text", Class::Unreserved, true),
    ("then", Class::Reserved, true),
    ("ties", Class::Unreserved, true),
    ("time", Class::ColName, true),
    ("timestamp", Class::ColName, true),
    ("to", Class::Reserved, false),
    ("trailing", Class::Reserved, true),
    ("transaction", Class::Unreserved, true),
    ("transform", Class::Unreserved, true),
    ("treat", Class::ColName, true),
    ("trigger", Class::Unreserved, true),
    ("trim", Class::ColName, true),
    ("true", Class::Reserved, true),
    ("truncate", Class::Unreserved, true),
    ("trusted", Class::Unreserved, true),
    ("type", Class::Unreserved, true),
    ("types", Class::Unreserved, true),
    ("uescape", Class::Unreserved, true),
    ("unbounded", Class::Unreserved, true),
    ("uncommitted", Class::Unreserved, true),
    ("unencrypted", Class::Unreserved, true),
    ("union", Class::Reserved, false),
    ("unique", Class::Reserved, true),
    ("unknown", Class::Unreserved, true),
    ("unlisten", Class::Unreserved, true),
    ("unlogged", Class::Unreserved, true),
    ("until", Class::Unreserved, true),
    ("update", Class::Unreserved, true),
    ("user", Class::Reserved, true),
    ("using", Class::Reserved, true),
    ("vacuum", Class::Unreserved, true),
    ("valid", Class::Unreserved, true),
    ("validate", Class::Unreserved, true),
    ("validator", Class::Unreserved, true),
    ("value", Class::Unreserved, true),
    ("values", Class::ColName, true),
    ("varchar", Class::ColName, true),
    ("variadic", Class::Reserved, true),
    ("varying", Class::Unreserved, false),
    ("verbose", Class::TypeFunc, true),
    ("version", Class::Unreserved, true),
    ("view", Class::Unreserved, true),
    ("views", Class::Unreserved, true),
    ("volatile", Class::Unreserved, true),
    ("when", Class::Reserved, true),
    ("where", Class::Reserved, false),
    ("whitespace", Class::Unreserved, true),
    ("window", Class::Reserved, false),
    ("with", Class::Reserved, false),
    ("within", Class::Unreserved, false),
    ("without", Class::Unreserved, false),
    ("work", Class::Unreserved, true),
    ("wrapper", Class::Unreserved, true),
    ("write", Class::Unreserved, true),
    ("xml", Class::Unreserved, true),
    ("xmlattributes", Class::ColName, true),
    ("xmlconcat", Class::ColName, true),
    ("xmlelement", Class::ColName, true),
    ("xmlexists", Class::ColName, true),
    ("xmlforest", Class::ColName, true),
    ("xmlnamespaces", Class::ColName, true),
    ("xmlparse", Class::ColName, true),
    ("xmlpi", Class::ColName, true),
    ("xmlroot", Class::ColName, true),
    ("xmlserialize", Class::ColName, true),
    ("xmltable", Class::ColName, true),
    ("year", Class::Unreserved, false),
    ("yes", Class::Unreserved, true),
    ("zone", Class::Unreserved, true),
];

#[allow(missing_docs)]
impl K {
    /// Not a key word.
    pub const IDENT: K = K(u16::MAX);
    pub const ABORT: K = K(0);
    pub const ABSOLUTE: K = K(1);
    pub const ACCESS: K = K(2);
    pub const ACTION: K = K(3);
    pub const ADD: K = K(4);
    pub const ADMIN: K = K(5);
    pub const AFTER: K = K(6);
    pub const AGGREGATE: K = K(7);
    pub const ALL: K = K(8);
    pub const ALSO: K = K(9);
    pub const ALTER: K = K(10);
    pub const ALWAYS: K = K(11);
    pub const ANALYSE: K = K(12);
    pub const ANALYZE: K = K(13);
    pub const AND: K = K(14);
    pub const ANY: K = K(15);
    pub const ARRAY: K = K(16);
    pub const AS: K = K(17);
    pub const ASC: K = K(18);
    pub const ASENSITIVE: K = K(19);
    pub const ASSERTION: K = K(20);
    pub const ASSIGNMENT: K = K(21);
    pub const ASYMMETRIC: K = K(22);
    pub const AT: K = K(23);
    pub const ATOMIC: K = K(24);
    pub const ATTACH: K = K(25);
    pub const ATTRIBUTE: K = K(26);
    pub const AUTHORIZATION: K = K(27);
    pub const BACKWARD: K = K(28);
    pub const BEFORE: K = K(29);
    pub const BEGIN: K = K(30);
    pub const BETWEEN: K = K(31);
    pub const BIGINT: K = K(32);
    pub const BINARY: K = K(33);
    pub const BIT: K = K(34);
    pub const BOOLEAN: K = K(35);
    pub const BOTH: K = K(36);
    pub const BREADTH: K = K(37);
    pub const BY: K = K(38);
    pub const CACHE: K = K(39);
    pub const CALL: K = K(40);
    pub const CALLED: K = K(41);
    pub const CASCADE: K = K(42);
    pub const CASCADED: K = K(43);
    pub const CASE: K = K(44);
    pub const CAST: K = K(45);
    pub const CATALOG: K = K(46);
    pub const CHAIN: K = K(47);
    pub const CHAR: K = K(48);
    pub const CHARACTER: K = K(49);
    pub const CHARACTERISTICS: K = K(50);
    pub const CHECK: K = K(51);
    pub const CHECKPOINT: K = K(52);
    pub const CLASS: K = K(53);
    pub const CLOSE: K = K(54);
    pub const CLUSTER: K = K(55);
    pub const COALESCE: K = K(56);
    pub const COLLATE: K = K(57);
    pub const COLLATION: K = K(58);
    pub const COLUMN: K = K(59);
    pub const COLUMNS: K = K(60);
    pub const COMMENT: K = K(61);
    pub const COMMENTS: K = K(62);
    pub const COMMIT: K = K(63);
    pub const COMMITTED: K = K(64);
    pub const COMPRESSION: K = K(65);
    pub const CONCURRENTLY: K = K(66);
    pub const CONFIGURATION: K = K(67);
    pub const CONFLICT: K = K(68);
    pub const CONNECTION: K = K(69);
    pub const CONSTRAINT: K = K(70);
    pub const CONSTRAINTS: K = K(71);
    pub const CONTENT: K = K(72);
    pub const CONTINUE: K = K(73);
    pub const CONVERSION: K = K(74);
    pub const COPY: K = K(75);
    pub const COST: K = K(76);
    pub const CREATE: K = K(77);
    pub const CROSS: K = K(78);
    pub const CSV: K = K(79);
    pub const CUBE: K = K(80);
    pub const CURRENT: K = K(81);
    pub const CURRENT_CATALOG: K = K(82);
    pub const CURRENT_DATE: K = K(83);
    pub const CURRENT_ROLE: K = K(84);
    pub const CURRENT_SCHEMA: K = K(85);
    pub const CURRENT_TIME: K = K(86);
    pub const CURRENT_TIMESTAMP: K = K(87);
    pub const CURRENT_USER: K = K(88);
    pub const CURSOR: K = K(89);
    pub const CYCLE: K = K(90);
    pub const DATA: K = K(91);
    pub const DATABASE: K = K(92);
    pub const DAY: K = K(93);
    pub const DEALLOCATE: K = K(94);
    pub const DEC: K = K(95);
    pub const DECIMAL: K = K(96);
    pub const DECLARE: K = K(97);
    pub const DEFAULT: K = K(98);
    pub const DEFAULTS: K = K(99);
    pub const DEFERRABLE: K = K(100);
    pub const DEFERRED: K = K(101);
    pub const DEFINER: K = K(102);
    pub const DELETE: K = K(103);
    pub const DELIMITER: K = K(104);
    pub const DELIMITERS: K = K(105);
    pub const DEPENDS: K = K(106);
    pub const DEPTH: K = K(107);
    pub const DESC: K = K(108);
    pub const DETACH: K = K(109);
    pub const DICTIONARY: K = K(110);
    pub const DISABLE: K = K(111);
    pub const DISCARD: K = K(112);
    pub const DISTINCT: K = K(113);
    pub const DO: K = K(114);
    pub const DOCUMENT: K = K(115);
    pub const DOMAIN: K = K(116);
    pub const DOUBLE: K = K(117);
    pub const DROP: K = K(118);
    pub const EACH: K = K(119);
    pub const ELSE: K = K(120);
    pub const ENABLE: K = K(121);
    pub const ENCODING: K = K(122);
    pub const ENCRYPTED: K = K(123);
    pub const END: K = K(124);
    pub const ENUM: K = K(125);
    pub const ESCAPE: K = K(126);
    pub const EVENT: K = K(127);
    pub const EXCEPT: K = K(128);
    pub const EXCLUDE: K = K(129);
    pub const EXCLUDING: K = K(130);
    pub const EXCLUSIVE: K = K(131);
    pub const EXECUTE: K = K(132);
    pub const EXISTS: K = K(133);
    pub const EXPLAIN: K = K(134);
    pub const EXPRESSION: K = K(135);
    pub const EXTENSION: K = K(136);
    pub const EXTERNAL: K = K(137);
    pub const EXTRACT: K = K(138);
    pub const FALSE: K = K(139);
    pub const FAMILY: K = K(140);
    pub const FETCH: K = K(141);
    pub const FILTER: K = K(142);
    pub const FINALIZE: K = K(143);
    pub const FIRST: K = K(144);
    pub const FLOAT: K = K(145);
    pub const FOLLOWING: K = K(146);
    pub const FOR: K = K(147);
    pub const FORCE: K = K(148);
    pub const FOREIGN: K = K(149);
    pub const FORWARD: K = K(150);
    pub const FREEZE: K = K(151);
    pub const FROM: K = K(152);
    pub const FULL: K = K(153);
    pub const FUNCTION: K = K(154);
    pub const FUNCTIONS: K = K(155);
    pub const GENERATED: K = K(156);
    pub const GLOBAL: K = K(157);
    pub const GRANT: K = K(158);
    pub const GRANTED: K = K(159);
    pub const GREATEST: K = K(160);
    pub const GROUP: K = K(161);
    pub const GROUPING: K = K(162);
    pub const GROUPS: K = K(163);
    pub const HANDLER: K = K(164);
    pub const HAVING: K = K(165);
    pub const HEADER: K = K(166);
    pub const HOLD: K = K(167);
    pub const HOUR: K = K(168);
    pub const IDENTITY: K = K(169);
    pub const IF: K = K(170);
    pub const ILIKE: K = K(171);
    pub const IMMEDIATE: K = K(172);
    pub const IMMUTABLE: K = K(173);
    pub const IMPLICIT: K = K(174);
    pub const IMPORT: K = K(175);
    pub const IN: K = K(176);
    pub const INCLUDE: K = K(177);
    pub const INCLUDING: K = K(178);
    pub const INCREMENT: K = K(179);
    pub const INDEX: K = K(180);
    pub const INDEXES: K = K(181);
    pub const INHERIT: K = K(182);
    pub const INHERITS: K = K(183);
    pub const INITIALLY: K = K(184);
    pub const INLINE: K = K(185);
    pub const INNER: K = K(186);
    pub const INOUT: K = K(187);
    pub const INPUT: K = K(188);
    pub const INSENSITIVE: K = K(189);
    pub const INSERT: K = K(190);
    pub const INSTEAD: K = K(191);
    pub const INT: K = K(192);
    pub const INTEGER: K = K(193);
    pub const INTERSECT: K = K(194);
    pub const INTERVAL: K = K(195);
    pub const INTO: K = K(196);
    pub const INVOKER: K = K(197);
    pub const IS: K = K(198);
    pub const ISNULL: K = K(199);
    pub const ISOLATION: K = K(200);
    pub const JOIN: K = K(201);
    pub const KEY: K = K(202);
    pub const LABEL: K = K(203);
    pub const LANGUAGE: K = K(204);
    pub const LARGE: K = K(205);
    pub const LAST: K = K(206);
    pub const LATERAL: K = K(207);
    pub const LEADING: K = K(208);
    pub const LEAKPROOF: K = K(209);
    pub const LEAST: K = K(210);
    pub const LEFT: K = K(211);
    pub const LEVEL: K = K(212);
    pub const LIKE: K = K(213);
    pub const LIMIT: K = K(214);
    pub const LISTEN: K = K(215);
    pub const LOAD: K = K(216);
    pub const LOCAL: K = K(217);
    pub const LOCALTIME: K = K(218);
    pub const LOCALTIMESTAMP: K = K(219);
    pub const LOCATION: K = K(220);
    pub const LOCK: K = K(221);
    pub const LOCKED: K = K(222);
    pub const LOGGED: K = K(223);
    pub const MAPPING: K = K(224);
    pub const MATCH: K = K(225);
    pub const MATCHED: K = K(226);
    pub const MATERIALIZED: K = K(227);
    pub const MAXVALUE: K = K(228);
    pub const MERGE: K = K(229);
    pub const METHOD: K = K(230);
    pub const MINUTE: K = K(231);
    pub const MINVALUE: K = K(232);
    pub const MODE: K = K(233);
    pub const MONTH: K = K(234);
    pub const MOVE: K = K(235);
    pub const NAME: K = K(236);
    pub const NAMES: K = K(237);
    pub const NATIONAL: K = K(238);
    pub const NATURAL: K = K(239);
    pub const NCHAR: K = K(240);
    pub const NEW: K = K(241);
    pub const NEXT: K = K(242);
    pub const NFC: K = K(243);
    pub const NFD: K = K(244);
    pub const NFKC: K = K(245);
    pub const NFKD: K = K(246);
    pub const NO: K = K(247);
    pub const NONE: K = K(248);
    pub const NORMALIZE: K = K(249);
    pub const NORMALIZED: K = K(250);
    pub const NOT: K = K(251);
    pub const NOTHING: K = K(252);
    pub const NOTIFY: K = K(253);
    pub const NOTNULL: K = K(254);
    pub const NOWAIT: K = K(255);
    pub const NULL: K = K(256);
    pub const NULLIF: K = K(257);
    pub const NULLS: K = K(258);
    pub const NUMERIC: K = K(259);
    pub const OBJECT: K = K(260);
    pub const OF: K = K(261);
    pub const OFF: K = K(262);
    pub const OFFSET: K = K(263);
    pub const OIDS: K = K(264);
    pub const OLD: K = K(265);
    pub const ON: K = K(266);
    pub const ONLY: K = K(267);
    pub const OPERATOR: K = K(268);
    pub const OPTION: K = K(269);
    pub const OPTIONS: K = K(270);
    pub const OR: K = K(271);
    pub const ORDER: K = K(272);
    pub const ORDINALITY: K = K(273);
    pub const OTHERS: K = K(274);
    pub const OUT: K = K(275);
    pub const OUTER: K = K(276);
    pub const OVER: K = K(277);
    pub const OVERLAPS: K = K(278);
    pub const OVERLAY: K = K(279);
    pub const OVERRIDING: K = K(280);
    pub const OWNED: K = K(281);
    pub const OWNER: K = K(282);
    pub const PARALLEL: K = K(283);
    pub const PARAMETER: K = K(284);
    pub const PARSER: K = K(285);
    pub const PARTIAL: K = K(286);
    pub const PARTITION: K = K(287);
    pub const PASSING: K = K(288);
    pub const PASSWORD: K = K(289);
    pub const PLACING: K = K(290);
    pub const PLANS: K = K(291);
    pub const POLICY: K = K(292);
    pub const POSITION: K = K(293);
    pub const PRECEDING: K = K(294);
    pub const PRECISION: K = K(295);
    pub const PREPARE: K = K(296);
    pub const PREPARED: K = K(297);
    pub const PRESERVE: K = K(298);
    pub const PRIMARY: K = K(299);
    pub const PRIOR: K = K(300);
    pub const PRIVILEGES: K = K(301);
    pub const PROCEDURAL: K = K(302);
    pub const PROCEDURE: K = K(303);
    pub const PROCEDURES: K = K(304);
    pub const PROGRAM: K = K(305);
    pub const PUBLICATION: K = K(306);
    pub const QUOTE: K = K(307);
    pub const RANGE: K = K(308);
    pub const READ: K = K(309);
    pub const REAL: K = K(310);
    pub const REASSIGN: K = K(311);
    pub const RECHECK: K = K(312);
    pub const RECURSIVE: K = K(313);
    pub const REF: K = K(314);
    pub const REFERENCES: K = K(315);
    pub const REFERENCING: K = K(316);
    pub const REFRESH: K = K(317);
    pub const REINDEX: K = K(318);
    pub const RELATIVE: K = K(319);
    pub const RELEASE: K = K(320);
    pub const RENAME: K = K(321);
    pub const REPEATABLE: K = K(322);
    pub const REPLACE: K = K(323);
    pub const REPLICA: K = K(324);
    pub const RESET: K = K(325);
    pub const RESTART: K = K(326);
    pub const RESTRICT: K = K(327);
    pub const RETURN: K = K(328);
    pub const RETURNING: K = K(329);
    pub const RETURNS: K = K(330);
    pub const REVOKE: K = K(331);
    pub const RIGHT: K = K(332);
    pub const ROLE: K = K(333);
    pub const ROLLBACK: K = K(334);
    pub const ROLLUP: K = K(335);
    pub const ROUTINE: K = K(336);
    pub const ROUTINES: K = K(337);
    pub const ROW: K = K(338);
    pub const ROWS: K = K(339);
    pub const RULE: K = K(340);
    pub const SAVEPOINT: K = K(341);
    pub const SCHEMA: K = K(342);
    pub const SCHEMAS: K = K(343);
    pub const SCROLL: K = K(344);
    pub const SEARCH: K = K(345);
    pub const SECOND: K = K(346);
    pub const SECURITY: K = K(347);
    pub const SELECT: K = K(348);
    pub const SEQUENCE: K = K(349);
    pub const SEQUENCES: K = K(350);
    pub const SERIALIZABLE: K = K(351);
    pub const SERVER: K = K(352);
    pub const SESSION: K = K(353);
    pub const SESSION_USER: K = K(354);
    pub const SET: K = K(355);
    pub const SETOF: K = K(356);
    pub const SETS: K = K(357);
    pub const SHARE: K = K(358);
    pub const SHOW: K = K(359);
    pub const SIMILAR: K = K(360);
    pub const SIMPLE: K = K(361);
    pub const SKIP: K = K(362);
    pub const SMALLINT: K = K(363);
    pub const SNAPSHOT: K = K(364);
    pub const SOME: K = K(365);
    pub const SQL: K = K(366);
    pub const STABLE: K = K(367);
    pub const STANDALONE: K = K(368);
    pub const START: K = K(369);
    pub const STATEMENT: K = K(370);
    pub const STATISTICS: K = K(371);
    pub const STDIN: K = K(372);
    pub const STDOUT: K = K(373);
    pub const STORAGE: K = K(374);
    pub const STORED: K = K(375);
    pub const STRICT: K = K(376);
    pub const STRIP: K = K(377);
    pub const SUBSCRIPTION: K = K(378);
    pub const SUBSTRING: K = K(379);
    pub const SUPPORT: K = K(380);
    pub const SYMMETRIC: K = K(381);
    pub const SYSID: K = K(382);
    pub const SYSTEM: K = K(383);
    pub const TABLE: K = K(384);
    pub const TABLES: K = K(385);
    pub const TABLESAMPLE: K = K(386);
    pub const TABLESPACE: K = K(387);
    pub const TEMP: K = K(388);
    pub const TEMPLATE: K = K(389);
    pub const TEMPORARY: K = K(390);
    pub const TEXT: K = K(391);
    pub const THEN: K = K(392);
    pub const TIES: K = K(393);
    pub const TIME: K = K(394);
    pub const TIMESTAMP: K = K(395);
    pub const TO: K = K(396);
    pub const TRAILING: K = K(397);
    pub const TRANSACTION: K = K(398);
    pub const TRANSFORM: K = K(399);
    pub const TREAT: K = K(400);
    pub const TRIGGER: K = K(401);
    pub const TRIM: K = K(402);
    pub const TRUE: K = K(403);
    pub const TRUNCATE: K = K(404);
    pub const TRUSTED: K = K(405);
    pub const TYPE: K = K(406);
    pub const TYPES: K = K(407);
    pub const UESCAPE: K = K(408);
    pub const UNBOUNDED: K = K(409);
    pub const UNCOMMITTED: K = K(410);
    pub const UNENCRYPTED: K = K(411);
    pub const UNION: K = K(412);
    pub const UNIQUE: K = K(413);
    pub const UNKNOWN: K = K(414);
    pub const UNLISTEN: K = K(415);
    pub const UNLOGGED: K = K(416);
    pub const UNTIL: K = K(417);
    pub const UPDATE: K = K(418);
    pub const USER: K = K(419);
    pub const USING: K = K(420);
    pub const VACUUM: K = K(421);
    pub const VALID: K = K(422);
    pub const VALIDATE: K = K(423);
    pub const VALIDATOR: K = K(424);
    pub const VALUE: K = K(425);
    pub const VALUES: K = K(426);
    pub const VARCHAR: K = K(427);
    pub const VARIADIC: K = K(428);
    pub const VARYING: K = K(429);
    pub const VERBOSE: K = K(430);
    pub const VERSION: K = K(431);
    pub const VIEW: K = K(432);
    pub const VIEWS: K = K(433);
    pub const VOLATILE: K = K(434);
    pub const WHEN: K = K(435);
    pub const WHERE: K = K(436);
    pub const WHITESPACE: K = K(437);
    pub const WINDOW: K = K(438);
    pub const WITH: K = K(439);
    pub const WITHIN: K = K(440);
    pub const WITHOUT: K = K(441);
    pub const WORK: K = K(442);
    pub const WRAPPER: K = K(443);
    pub const WRITE: K = K(444);
    pub const XML: K = K(445);
    pub const XMLATTRIBUTES: K = K(446);
    pub const XMLCONCAT: K = K(447);
    pub const XMLELEMENT: K = K(448);
    pub const XMLEXISTS: K = K(449);
    pub const XMLFOREST: K = K(450);
    pub const XMLNAMESPACES: K = K(451);
    pub const XMLPARSE: K = K(452);
    pub const XMLPI: K = K(453);
    pub const XMLROOT: K = K(454);
    pub const XMLSERIALIZE: K = K(455);
    pub const XMLTABLE: K = K(456);
    pub const YEAR: K = K(457);
    pub const YES: K = K(458);
    pub const ZONE: K = K(459);

    /// The key word that this is, in lower case.
    pub fn find(word: &str) -> K {
        match WORDS.binary_search_by(|(w, _, _)| (*w).cmp(word)) {
            Ok(i) => K(i as u16),
            Err(_) => K::IDENT,
        }
    }

    /// Its class; words that are no key words count as unreserved.
    pub fn class(self) -> Class {
        WORDS.get(self.0 as usize).map_or(Class::Unreserved, |w| w.1)
    }

    /// Whether it may be a label without AS.
    pub fn bare_label(self) -> bool {
        WORDS.get(self.0 as usize).is_none_or(|w| w.2)
    }

    /// Its text.
    pub fn text(self) -> &'static str {
        WORDS.get(self.0 as usize).map_or("", |w| w.0)
    }
}
