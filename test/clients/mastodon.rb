# What Mastodon does to its object store, with the library and the settings that Mastodon has: one try, 5 s of patience, path style.
#
#   ENDPOINT ACCESS_KEY SECRET_KEY BUCKET REGION ruby mastodon.rb
#
# Prints a line of JSON a step: what the client saw of it. What is answered otherwise than Mastodon needs it is an exception.

require 'aws-sdk-s3'
require 'digest'
require 'json'
require 'net/http'
require 'tempfile'

$stdout.sync = true

MIB = 1024 * 1024
IMMUTABLE = 'public, max-age=315576000, immutable'.freeze

S3 = Aws::S3::Resource.new(
  endpoint: ENV.fetch('ENDPOINT'),
  region: ENV.fetch('REGION'),
  access_key_id: ENV.fetch('ACCESS_KEY'),
  secret_access_key: ENV.fetch('SECRET_KEY'),
  force_path_style: true,
  signature_version: 'v4',
  http_open_timeout: 5,
  http_read_timeout: 5,
  http_idle_timeout: 5,
  retry_limit: 0
)
BUCKET = S3.bucket(ENV.fetch('BUCKET'))

def object(key) = BUCKET.object(key)

def tell(step, **seen) = puts(JSON.generate({ step: step, **seen }))

# Random, and the same in every run.
def bytes(seed, size) = Random.new(seed).bytes(size)

def md5(content) = Digest::MD5.hexdigest(content)

# As Paperclip writes a file, with what it sends along.
def upload(key, content, type)
  Tempfile.create('upload') do |file|
    file.binmode
    file.write(content)
    file.flush
    object(key).upload_file(
      file.path,
      multipart_threshold: 15 * MIB, thread_count: 10,
      content_type: type, cache_control: IMMUTABLE, acl: 'public-read'
    )
  end
end

# The code of the error that has to come.
def refused
  yield
  raise 'was not refused'
rescue Aws::S3::Errors::ServiceError => e
  e.code
end

def fetch(request, url)
  answer = Net::HTTP.start(url.host, url.port, open_timeout: 5, read_timeout: 5) { |http| http.request(request) }
  [answer.code.to_i, answer.body]
end

picture = 'media_attachments/files/109/412/345/678/901/234/original/8f3c5a7be1d20946.jpg'
content = bytes(1, 100_000)
upload(picture, content, 'image/jpeg')
tell :put, key: picture, md5: md5(content)

video = 'media_attachments/files/109/412/345/678/901/235/original/0a1b2c3d4e5f6071.mp4'
film = bytes(2, 20_000_000)
upload(video, film, 'video/mp4')
tell :multipart, key: video, md5: md5(film)

archive = 'backups/dumps/000/000/001/original/archive-20221203.zip'
dump = bytes(3, 11 * MIB + 1)
object(archive).upload_stream(content_type: 'application/zip', acl: 'private', thread_count: 10) do |stream|
  stream.binmode
  (0...dump.bytesize).step(MIB) { |at| stream.write(dump.byteslice(at, MIB)) }
end
tell :stream, key: archive, md5: md5(dump)

seen = object(picture).head
tell :head, size: seen.content_length, type: seen.content_type, cache: seen.cache_control, etag: seen.etag.delete('"')

part = object(picture).get(range: 'bytes=1000-1999')
tell :range, range: part.content_range, right: part.body.read.b == content[1000..1999]

whole = object(video).get.body.read
tell :get, md5: md5(whole)

Tempfile.create('download') do |file|
  object(video).download_file(file.path)
  tell :download, md5: Digest::MD5.file(file.path).hexdigest
end

copied = picture.sub('original', 'small')
object(copied).copy_from(object(picture), acl: 'public-read')
tell :copy_from, key: copied, md5: md5(content)

moved = picture.sub('original', 'old')
object(picture).copy_to(object(moved))
tell :copy_to, key: moved, md5: md5(content)

def grants(key) = object(key).acl.grants.map { |grant| [grant.grantee.uri || 'owner', grant.permission] }

object(picture).acl.put(acl: 'private')
tell :acl_private, key: picture, grants: grants(picture)
object(copied).acl.put(acl: 'private')
object(copied).acl.put(acl: 'public-read')
tell :acl_public, key: copied, grants: grants(copied)
tell :acl_missing, code: refused { object('missing.jpg').acl.put(acl: 'private') }

names = (0...1000).map { |n| format('cache/accounts/avatars/%04d/a b+ü&%d.png', n, n) }
queue = Queue.new(names)
10.times.map { Thread.new { object(queue.pop).put(body: 'x', acl: 'public-read') until queue.empty? } }.each(&:join)
first = BUCKET.client.list_objects_v2(bucket: BUCKET.name, prefix: 'cache/', start_after: names[9], max_keys: 5)
tell :list, keys: first.contents.map(&:key), truncated: first.is_truncated
tell :list_all, count: BUCKET.objects(prefix: 'cache/', start_after: names[499]).count
emptied = BUCKET.delete_objects(delete: { objects: names.map { |key| { key: key } }, quiet: true })
tell :batch_delete, deleted: emptied.deleted.size, errors: emptied.errors.size
tell :list_after, count: BUCKET.objects(prefix: 'cache/').count
loud = names[0]
object(loud).put(body: 'x')
emptied = BUCKET.delete_objects(delete: { objects: [{ key: 'missing.jpg' }, { key: loud }], quiet: false })
tell :batch_delete_loud, key: loud, deleted: emptied.deleted.map(&:key).sort

url = URI(object(archive).presigned_url(:get, expires_in: 60))
status, body = fetch(Net::HTTP::Get.new(url), url)
tell :presigned_get, status: status, md5: md5(body)

signed = 'imports/signed.csv'
url = URI(object(signed).presigned_url(:put, expires_in: 60))
sent = Net::HTTP::Put.new(url)
sent.body = content
sent.content_type = 'text/csv'
tell :presigned_put, status: fetch(sent, url).first, key: signed, md5: md5(content)

tell :get_missing, code: refused { object('missing.jpg').get }
tell :head_missing, code: refused { object('missing.jpg').head }, exists: object('missing.jpg').exists?

unwanted = picture.sub('original', 'unwanted')
upload(unwanted, content, 'image/jpeg')
object(unwanted).delete
object('missing.jpg').delete
tell :delete, key: unwanted, exists: object(unwanted).exists?

tell :create_bucket, code: refused { S3.create_bucket(bucket: BUCKET.name, acl: 'public-read-write') } if ENV['GATEWAY']
