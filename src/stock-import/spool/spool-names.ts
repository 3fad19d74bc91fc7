/** When this process began, to tell it from an earlier one of the same id: in a container the id is always the same. */
const STARTED = Math.round(performance.timeOrigin).toString(36);
const NAME = /^upload\.(\d+)\.([0-9a-z]+)\.[0-9a-f-]{36}\.spool$/;

/** The process that wrote a spool file. */
export interface SpoolOwner {
  readonly pid: number;
  readonly started: string;
}

/** This process. */
export const THIS_PROCESS: SpoolOwner = { pid: process.pid, started: STARTED };

/** The name of a new spool file of this process. Never made from anything that a client sent. */
export function spoolFileName(unique: string, owner: SpoolOwner = THIS_PROCESS): string {
  return `upload.${owner.pid}.${owner.started}.${unique}.spool`;
}

/** **Shape**: undefined for a file that is not a spool file. */
export function ownerOf(name: string): SpoolOwner | undefined {
  const match = NAME.exec(name);
  return match === null ? undefined : { pid: Number(match[1]), started: match[2] ?? '' };
}
