-- Whether the instance's node is cordoned, as its agent says.
alter table instance add column cordoned boolean;
