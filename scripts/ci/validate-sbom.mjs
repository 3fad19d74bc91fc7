/**
 * Holds an SBOM against the schema of CycloneDX, strictly, and against itself with a fault, which must be found.
 *
 * Usage: `node scripts/ci/validate-sbom.mjs <file>`.
 */
import { readFileSync } from 'node:fs';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';

const text = readFileSync(process.argv[2], 'utf8');
const document = JSON.parse(text);
const validator = new Validation.JsonStrictValidator(document.specVersion);
if (!Object.values(Spec.Version).includes(document.specVersion)) {
  throw new Error(`The library does not know CycloneDX ${document.specVersion}.`);
}
const fault = await validator.validate(text);
if (fault !== null) throw new Error(`The SBOM is not valid: ${JSON.stringify(fault)}`);
const [first, ...others] = document.components;
const broken = { ...document, components: [{ ...first, type: 'libary' }, ...others] };
if ((await validator.validate(JSON.stringify(broken))) === null) {
  throw new Error('A component of an unknown type was let through: nothing is checked here.');
}
console.log(`CycloneDX ${document.specVersion}, ${document.components.length} components: valid.`);
