const SAMPLE_WORDS = [
  'changeme',
  'changethis',
  'replaceme',
  'replacethis',
  'example',
  'sample',
  'placeholder',
  'yoursecret',
];
const WEAK_WORDS = new Set([
  'secret',
  'password',
  'passw0rd',
  'admin',
  'administrator',
  'stockroom',
  'letmein',
  'default',
]);

/**
 * True for a value that stands in an example somewhere, or that a machine tries first: `replace-me-…`, `changeme123`,
 * `secret`, one letter repeated. **Why**: a service that starts with the sample's secret has none.
 */
export function isSampleValue(value: string): boolean {
  const letters = lettersOf(value);
  return (
    isPlaceholder(value) ||
    WEAK_WORDS.has(letters.replace(/\d+$/, '')) ||
    /^(.)\1*$/s.test(value) ||
    (letters.length >= 8 && '01234567890123456789'.includes(letters))
  );
}

/** True for a value that only says that something else belongs here: `replace-me`, `changeme`. */
export function isPlaceholder(value: string): boolean {
  const letters = lettersOf(value);
  return SAMPLE_WORDS.some((word) => letters.startsWith(word));
}

function lettersOf(value: string): string {
  return value.toLowerCase().replace(/[^a-z0-9]/g, '');
}
