import type * as swaggerPackage from '@nestjs/swagger';

type Swagger = typeof swaggerPackage;
type Target = Parameters<MethodDecorator> | Parameters<ClassDecorator>;

/** What is still to be written onto controllers and their methods, in the order of the decorators. */
const noted: ((swagger: Swagger) => void)[] = [];

/**
 * A decorator of the package of the same name, noted and not run.
 *
 * **Why**: the package loads 540 files, an eighth of a start, and only the OpenAPI document needs what its decorators write. A command
 * never makes the document.
 */
function noting<Name extends keyof Swagger>(name: Name): Swagger[Name] {
  const decorator = (...options: unknown[]) => {
    return (...target: Target): void => {
      noted.push((swagger) => {
        const made = swagger[name] as (...options: unknown[]) => (...target: Target) => void;
        made(...options)(...target);
      });
    };
  };
  return decorator as unknown as Swagger[Name];
}

/** Runs what was noted so far. Call before the document is made; what ran is not run again. */
export function writeApiDocs(swagger: Swagger): void {
  for (const write of noted.splice(0)) write(swagger);
}

export const ApiBody = noting('ApiBody');
export const ApiConsumes = noting('ApiConsumes');
export const ApiCreatedResponse = noting('ApiCreatedResponse');
export const ApiExtension = noting('ApiExtension');
export const ApiHeader = noting('ApiHeader');
export const ApiNoContentResponse = noting('ApiNoContentResponse');
export const ApiOkResponse = noting('ApiOkResponse');
export const ApiOperation = noting('ApiOperation');
export const ApiProduces = noting('ApiProduces');
export const ApiResponse = noting('ApiResponse');
export const ApiSecurity = noting('ApiSecurity');
export const ApiServiceUnavailableResponse = noting('ApiServiceUnavailableResponse');
export const ApiTags = noting('ApiTags');
