# Signs random requests with AWS's own library for Ruby, the one that Mastodon's S3 client signs with, and prints each as a line of JSON.
#
#   ruby sigv4.rb COUNT SEED ACCESS_KEY SECRET_KEY REGION YYYYMMDDTHHMMSSZ
#
# Set up as Aws::S3::Client sets it up: paths are not encoded twice, and what a relay may change is not signed.

require 'aws-sigv4'
require 'json'
require 'time'

count, seed, access_key, secret_key, region, date = ARGV
random = Random.new(Integer(seed))
signer = Aws::Sigv4::Signer.new(
  service: 's3',
  region: region,
  access_key_id: access_key,
  secret_access_key: secret_key,
  uri_escape_path: false,
  unsigned_headers: %w[content-length user-agent x-amzn-trace-id expect]
)

ODD = ['a', 'Z', '7', ' ', '  ', '+', '~', "'", '(', ')', '*', '!', '%', '%41', '=', '&', '?', '#', ';', ':', '@', ',', '$', '_', '-',
       '.', '"', '[', ']', '|', '^', '`', '<', '>', 'é', "e\u0301", 'ß', '猫', '😀', 'Ω'].freeze
WORDS = ['a', 'public-read', 'x=1', 'two words', 'two  spaces', "a\ttab", ' outside ', '"quoted  spaces"', '"half', 'é 猫', '', '1,2, 3',
         'attachment; filename="a  b.jpg"'].freeze
NAMES = %w[content-type content-md5 cache-control content-disposition content-encoding range if-none-match x-amz-acl
           x-amz-copy-source x-amz-meta-a x-amz-meta-b x-amz-meta-mtime x-amz-storage-class x-amz-checksum-crc32].freeze
PARAMETERS = %w[acl uploads uploadId partNumber prefix delimiter start-after continuation-token list-type max-keys response-content-type
                x-id encoding-type A-Z.z~].freeze

def odd(random, length)
  Array.new(random.rand(1..length)) { ODD.sample(random: random) }.join
end

def query(random)
  PARAMETERS.sample(random.rand(0..4), random: random).flat_map do |name|
    case random.rand(5)
    when 0 then [name]
    when 1 then ["#{name}="]
    # The library puts one name with several values in order by their values.
    when 2 then Array.new(2) { "#{name}=#{Aws::Sigv4::Signer.uri_escape(odd(random, 8))}" }
    else ["#{name}=#{Aws::Sigv4::Signer.uri_escape(odd(random, 8))}"]
    end
  end.shuffle(random: random).join('&')
end

Integer(count).times do |i|
  method = %w[GET PUT POST DELETE HEAD].sample(random: random)
  key = Array.new(random.rand(1..4)) { odd(random, 6) }.join('/')
  host = ['s3.example.social', 'media.s3.example.social', 's3.example.social:8443'].sample(random: random)
  path = "/media/#{Aws::Sigv4::Signer.uri_escape_path(key)}"
  asked = query(random)
  url = "https://#{host}#{path}#{asked.empty? ? '' : "?#{asked}"}"
  headers = NAMES.sample(random.rand(0..5), random: random).to_h { |name| [name, WORDS.sample(random: random)] }

  if i.even?
    hash = random.rand(2).zero? ? 'UNSIGNED-PAYLOAD' : Digest::SHA256.hexdigest(odd(random, 9))
    headers.update('x-amz-date' => date, 'x-amz-content-sha256' => hash, 'user-agent' => 'aws-sdk-ruby3', 'content-length' => '7')
    signed = headers.merge(signer.sign_request(http_method: method, url: url, headers: headers).headers)
    target = url
  else
    hash = random.rand(2).zero? ? 'UNSIGNED-PAYLOAD' : Digest::SHA256.hexdigest(odd(random, 9))
    headers['x-amz-content-sha256'] = hash unless hash == 'UNSIGNED-PAYLOAD'
    target = signer.presign_url(
      http_method: method,
      url: url,
      headers: headers,
      body_digest: hash,
      expires_in: random.rand(1..604_800),
      time: Time.parse(date)
    ).to_s
    signed = headers.merge('host' => host, 'user-agent' => 'curl')
  end

  raw_path, raw_query = target.delete_prefix("https://#{host}").split('?', 2)
  puts JSON.generate(method: method, rawPath: raw_path, rawQuery: raw_query || '', headers: signed.to_a, payload: hash)
end
