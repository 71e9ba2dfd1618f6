create table author(id int generated always as identity primary key, name varchar(40) not null unique);
create table book(id serial primary key, title text not null default 'untitled', price numeric(8,2) check (price>0), author int references author on delete cascade, st varchar(5) default 'x' check (st in ('a','b')), d int default -1, ts timestamptz default now(), j jsonb default '{}', gen int generated always as (id*2) stored);
create index book_by_title on book(title, price desc);
create unique index book_expr on book(lower(title), (id+1)) include (price) where price > 1 and st is not null;
create table chk(a int,b int,c int,s text,
 check (a+b*c>0), check((a+b)*c>0), check(a-b-c>0), check(a-(b-c)>0), check (s||'a'||'b' = 'x'), check (a>1 and b<2 or not (c>1)),
 check ((a>1 or b>1) and c>1), check (a is null), check ((a+1) is not null), check ((a+1)::text='x'), check (a between 1 and 2), check (a in (1,2)), check (a in (1,2) and b>1), check (s like 'x%'), check (case when a>0 then 1 else 0 end = 1), check (a is distinct from b), check(a is not distinct from b), check((a>1) is true), check(s = 'x' collate "C"), check (a not in (1,2)), check (coalesce(a,b)>1), check (s not like 'a'), check (a not between 1 and 2), check(not (a>1 and b>1)), check(-a>1), check (a % 2 = 0 and a*b/c>1), check (extract(year from now())>1), check (now() at time zone 'UTC' > '2020-01-01'), check (s::varchar(3) = 'abc') );
create view v as select a.id, b.title as name, count(*) from author a left join book b on b.author=a.id where a.id>1 group by a.id,b.title having count(*)>1 order by a.id desc limit 3;
create view v3 as with c as (select 1 as x) select x, (select max(id) from author) m from c where x in (select id from author) and exists (select 1 from book where id = x);
comment on table book is 'books';
create sequence sq;
create view v2 as select * from author union all select 1, 'x' order by 1;
