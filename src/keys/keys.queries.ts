import type { Statement } from '../database/statement.js';

/** Every key that some process ever had. **Shape**: rows of id, check value, was primary, is retired, values encrypted. */
export function knownKeys(): Statement {
  return {
    name: 'keys_known',
    text: `
      select id, check_value, primary_at is not null, retired_at is not null, encrypted_values::text
      from encryption_keys
      order by created_at, id`,
    values: [],
  };
}

/** Notes keys that the database did not know yet. The check value of a known one stays what it is. */
export function addKeys(keys: readonly { readonly id: string; readonly checkValue: string }[]): Statement {
  return {
    name: 'keys_add',
    text: `
      insert into encryption_keys (id, check_value)
      select id, check_value
      from unnest($1::text[], $2::text[]) as k (id, check_value)
      on conflict (id) do nothing`,
    values: [keys.map(({ id }) => id), keys.map(({ checkValue }) => checkValue)],
  };
}

// Any constant does, as long as nothing else of ours uses it.
const ADMISSION_LOCK = '7163001045';

/** Lets one process at a time look at what the others have and say what it has itself, until the transaction ends. */
export function admissionLock(): Statement {
  return { name: 'keys_admission_lock', text: `select pg_advisory_xact_lock(${ADMISSION_LOCK})`, values: [] };
}

/** Keeps a key from being retired until the transaction ends, or waits for who is about to. */
export function keepKey(id: string): Statement {
  return {
    name: 'keys_keep',
    text: 'select id from encryption_keys where id = $1 for key share',
    values: [id],
  };
}

/** Notes that a key encrypts from now on. */
export function markPrimary(id: string): Statement {
  return {
    name: 'keys_mark_primary',
    text: `
      update encryption_keys
      set primary_at = now()
      where id = $1
        and primary_at is null`,
    values: [id],
  };
}

/** Adds what a process has encrypted. **Shape**: the new total of each key, as text. */
export function addUsage(usage: ReadonlyMap<string, number>): Statement {
  return {
    name: 'keys_add_usage',
    text: `
      update encryption_keys k
      set encrypted_values = k.encrypted_values + u.added
      from unnest($1::text[], $2::bigint[]) as u (id, added)
      where k.id = u.id
      returning k.id, k.encrypted_values::text`,
    values: [[...usage.keys()], [...usage.values()]],
  };
}

/** Notes that a process is there and which keys it has. */
export function reportProcess(process: {
  readonly id: string;
  readonly name: string;
  readonly keyIds: readonly string[];
}): Statement {
  return {
    name: 'keys_report_process',
    text: `
      insert into encryption_processes (id, name, key_ids)
      values ($1, $2, $3::text[])
      on conflict (id) do update
      set key_ids = excluded.key_ids,
        last_seen_at = now()`,
    values: [process.id, process.name, process.keyIds],
  };
}

/** Takes a process out that stops. */
export function removeProcess(id: string): Statement {
  return {
    name: 'keys_remove_process',
    text: 'delete from encryption_processes where id = $1',
    values: [id],
  };
}

/** Forgets processes that were killed a day ago. */
export function removeLostProcesses(): Statement {
  return {
    name: 'keys_remove_lost_processes',
    text: `delete from encryption_processes where last_seen_at < now() - interval '1 day'`,
    values: [],
  };
}

/**
 * Processes that were seen within so many seconds, but for one of them if there is one to leave out. **Shape**: rows of name and
 * key ids, the primary first.
 */
export function liveProcesses(withinSeconds: number, butFor: string | null = null): Statement {
  return {
    name: 'keys_live_processes',
    text: `
      select name, key_ids
      from encryption_processes
      where last_seen_at > now() - make_interval(secs => $1)
        and id is distinct from $2::uuid
      order by name`,
    values: [withinSeconds, butFor],
  };
}

/** Keeps everybody from beginning to write with a key until the transaction ends, once those who do have ended theirs. As the owner. */
export function lockKey(id: string): Statement {
  return {
    name: 'keys_lock',
    text: 'select id from encryption_keys where id = $1 for update',
    values: [id],
  };
}

/** Notes that a key is done with. As the owner. */
export function markRetired(id: string): Statement {
  return {
    name: 'keys_mark_retired',
    text: 'update encryption_keys set retired_at = now() where id = $1 and retired_at is null',
    values: [id],
  };
}
