import type { EntityMetadata, EventArgs, EventSubscriber, FlushEventArgs } from '@mikro-orm/core';
import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { encryptedProperties, type EncryptedProperty } from './encrypted.type.js';
import { EncryptionService } from './encryption.service.js';
import { Secret } from './secret.js';

/** An entity whose encrypted properties are looked at by name. */
type Row = Record<string, unknown>;

/**
 * Binds the secrets of entities to their rows: those that were read as soon as they are there, new ones, encrypted, before the
 * unit of work looks at what changed. An error here ends the flush before anything is written.
 */
@Injectable()
export class EncryptedColumns implements EventSubscriber<Row> {
  readonly #properties = new Map<EntityMetadata, readonly EncryptedProperty[]>();

  constructor(
    em: EntityManager,
    private readonly encryption: EncryptionService,
  ) {
    for (const meta of em.getMetadata().getAll().values()) {
      const properties = encryptedProperties(meta);
      if (properties.length > 0) this.#properties.set(meta, properties);
    }
    em.getEventManager().registerSubscriber(this);
  }

  /** Other entities load without a word to us. */
  getSubscribedEntities(): EntityMetadata['class'][] {
    return [...this.#properties.keys()].map((meta) => meta.class);
  }

  onInit({ entity, meta }: EventArgs<Row>): void {
    this.#bind(entity, meta);
  }

  onLoad({ entity, meta }: EventArgs<Row>): void {
    this.#bind(entity, meta);
  }

  beforeFlush({ uow }: FlushEventArgs): void {
    for (const [meta, properties] of this.#properties) {
      const managed = uow.getIdentityMap().getStore(meta).values();
      const fresh = [...uow.getPersistStack()].filter((entity) => entity instanceof meta.class);
      for (const entity of new Set<Row>([...(managed as Iterable<Row>), ...(fresh as Row[])])) {
        for (const property of properties) {
          const value = entity[property.name];
          if (value instanceof Secret) {
            const sealed = value.sealedFor(this.#place(entity, meta, property));
            if (sealed !== value) entity[property.name] = sealed;
          }
        }
      }
    }
  }

  #bind(entity: Row, meta: EntityMetadata): void {
    for (const property of this.#properties.get(meta) ?? []) {
      const value = entity[property.name];
      if (value instanceof Secret && typeof entity['id'] === 'string')
        value.bind(this.#place(entity, meta, property));
    }
  }

  #place(entity: Row, meta: EntityMetadata, { column }: EncryptedProperty) {
    const rowId = entity['id'];
    if (typeof rowId !== 'string')
      throw new Error('An entity with secrets needs its id before it is written.');
    return { cell: { table: meta.tableName, column, rowId }, codec: this.encryption };
  }
}
