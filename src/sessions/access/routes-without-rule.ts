import { RequestMethod, type Type } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { MetadataScanner, Reflector } from '@nestjs/core';
import { ACCESS_METADATA } from '../../common/principal.js';

/** Routes of controllers that do not say who may call them. **Shape**: `Controller.method (VERB)` each. */
export function routesWithoutRule(controllers: readonly Type[]): readonly string[] {
  const scanner = new MetadataScanner();
  const reflector = new Reflector();
  return controllers.flatMap((controller) => {
    const prototype = controller.prototype as Record<string, () => unknown>;
    return scanner
      .getAllMethodNames(prototype)
      .map((name) => ({ name, handler: prototype[name] }))
      .filter(({ handler }) => handler !== undefined && Reflect.hasMetadata(PATH_METADATA, handler))
      .filter(
        ({ handler }) =>
          handler !== undefined &&
          reflector.getAllAndOverride(ACCESS_METADATA, [handler, controller]) === undefined,
      )
      .map(({ name, handler }) => {
        const verb = Reflect.getMetadata(METHOD_METADATA, handler as object) as RequestMethod;
        return `${controller.name}.${name} (${RequestMethod[verb]})`;
      });
  });
}
