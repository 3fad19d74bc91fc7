import { etagOf } from '../common/etag.js';
import type { User } from './user.entity.js';
import type { TaggedUser } from './users.types.js';

/** A person as others see them, with the ETag of that state. */
export function tagged(user: User): TaggedUser {
  const { id, email, username, role, isActive, createdAt, updatedAt } = user;
  const view = { id, email, username, role, isActive };
  return {
    etag: etagOf(user.version),
    user: { ...view, createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() },
  };
}
