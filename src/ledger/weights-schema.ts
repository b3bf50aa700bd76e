/** What a key is, by Mastodon's layout: the classes of `media/media-class.ts`, in SQL, since triggers cannot call into the program. */
const classOf = (key: string) => `CASE
    WHEN ${key} GLOB 'media_attachments/files/*/original/*' THEN 'media_original'
    WHEN ${key} GLOB 'media_attachments/files/*' THEN 'media_small'
    WHEN ${key} GLOB 'media_attachments/thumbnails/*' THEN 'thumbnails'
    WHEN ${key} GLOB 'accounts/avatars/*' THEN 'avatars'
    WHEN ${key} GLOB 'accounts/headers/*' THEN 'headers'
    WHEN ${key} GLOB 'custom_emojis/*' THEN 'custom_emojis'
    WHEN ${key} GLOB 'preview_cards/*' THEN 'preview_cards'
    WHEN ${key} GLOB 'site_uploads/*' THEN 'site_uploads'
    WHEN ${key} GLOB 'cache/*' THEN 'cache'
    WHEN ${key} GLOB 'backups/*' THEN 'backups'
    WHEN ${key} GLOB 'imports/*' THEN 'imports'
    ELSE 'other' END`;

const add = `INSERT INTO weights VALUES (new.status, ${classOf('new.key')}, 1, coalesce(new.size, 0))
    ON CONFLICT (status, class) DO UPDATE SET n = n + 1, bytes = bytes + excluded.bytes`;
const take = `UPDATE weights SET n = n - 1, bytes = bytes - coalesce(old.size, 0)
    WHERE status = old.status AND class = ${classOf('old.key')}`;

/** Objects and bytes by status and class, kept up to date with each change: nobody wants to count twenty million rows. And what failed, by time. */
export const weightsMigration = `
  CREATE TABLE weights (
    status TEXT NOT NULL,
    class TEXT NOT NULL,
    n INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (status, class)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO weights SELECT status, ${classOf('key')} AS class, count(*), coalesce(sum(size), 0)
    FROM copies GROUP BY status, class;
  CREATE TRIGGER copies_insert_weight AFTER INSERT ON copies BEGIN ${add}; END;
  CREATE TRIGGER copies_update_weight AFTER UPDATE OF status, size ON copies
    WHEN old.status <> new.status OR old.size IS NOT new.size BEGIN ${take}; ${add}; END;
  CREATE TRIGGER copies_delete_weight AFTER DELETE ON copies BEGIN ${take}; END;
  CREATE INDEX copies_refused_since ON copies (since_ms) WHERE status = 'refused'`;
