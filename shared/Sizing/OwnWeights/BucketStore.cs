using System.Net;
using System.Security.Cryptography;
using System.Text;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Hypervize.Sizing.Weights;

namespace Hypervize.Sizing.OwnWeights;

/// <summary>A prefix of an S3 bucket, read with the credentials that AWS' own tools would find.</summary>
/// <param name="s3">Client.</param>
/// <param name="bucket">The bucket.</param>
/// <param name="prefix">What the keys of its files begin with, without slashes at its ends.</param>
public sealed class BucketStore(IAmazonS3 s3, string bucket, string prefix) : WeightStore
{
    private const int MostFiles = 10_000;
    private readonly string _root = prefix.Length == 0 ? "" : $"{prefix}/";

    /// <inheritdoc/>
    public override Task<IReadOnlyList<ModelFile>> ListAsync(CancellationToken cancel) => ReadingAsync<IReadOnlyList<ModelFile>>(async () =>
    {
        var files = new List<ModelFile>();
        var folders = new Queue<string>([_root]);
        while (folders.TryDequeue(out var folder))
        {
            var request = new ListObjectsV2Request { BucketName = bucket, Prefix = folder, Delimiter = "/" };
            do
            {
                var page = await s3.ListObjectsV2Async(request, cancel);
                files.AddRange((page.S3Objects ?? []).Where(o => o.Key.Length > folder.Length).Select(o => new ModelFile(o.Key[_root.Length..], o.Size, new(DigestKind.ETag, o.ETag.Trim('"')))));
                foreach (var below in (page.CommonPrefixes ?? []).Where(p => NeededFiles.IsPartOfModel(p[_root.Length..]))) folders.Enqueue(below);
                request.ContinuationToken = page.NextContinuationToken;
            }
            while (request.ContinuationToken is not null && files.Count < MostFiles);
        }
        return files;
    });

    /// <summary>The same as long as every file is: what a bucket has in place of a revision.</summary>
    /// <param name="files">Its files.</param>
    public static string Fingerprint(IEnumerable<ModelFile> files) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(
        string.Concat(files.OrderBy(f => f.Path, StringComparer.Ordinal).Select(f => $"{f.Path}\0{f.Bytes}\0{f.Digest?.Value}\n")))))[..40];

    /// <summary>Reads a file on from an offset, as long as it is the one that was listed.</summary>
    /// <param name="file">The file, as it was listed.</param>
    /// <param name="from">Offset.</param>
    /// <param name="cancel">Stops.</param>
    /// <exception cref="WeightsUnreadableException">It can't be read, or is not the one that was listed any more.</exception>
    public Task<PartialFile> DownloadAsync(ModelFile file, long from, CancellationToken cancel) => ReadingAsync(async () =>
    {
        var request = new GetObjectRequest { BucketName = bucket, Key = _root + file.Path, EtagToMatch = file.Digest?.Value };
        if (from > 0) request.ByteRange = new(from, long.MaxValue);
        var answer = await s3.GetObjectAsync(request, cancel);
        return new PartialFile(answer.ResponseStream, from);
    });

    /// <inheritdoc/>
    public override Task<Stream> OpenAsync(string file, CancellationToken cancel) =>
        Task.FromResult<Stream>(new RangeStream((from, count, stop) => FetchAsync(file, from, count, stop)));

    private Task<byte[]> FetchAsync(string file, long from, int count, CancellationToken cancel) => ReadingAsync(async () =>
    {
        using var part = await s3.GetObjectAsync(new GetObjectRequest { BucketName = bucket, Key = _root + file, ByteRange = new(from, from + count - 1) }, cancel);
        using var bytes = new MemoryStream();
        await part.ResponseStream.CopyToAsync(bytes, cancel);
        return bytes.ToArray();
    });

    private async Task<T> ReadingAsync<T>(Func<Task<T>> read)
    {
        try
        {
            return await read();
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            throw new WeightsUnreadableException($"There is no bucket {bucket}, or nothing at {_root} in it.");
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.PreconditionFailed)
        {
            throw new WeightsUnreadableException($"A file at s3://{bucket}/{_root} was changed meanwhile. Create the endpoint anew: its weights are analysed anew then.");
        }
        catch (AmazonS3Exception e) when (e.StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized)
        {
            throw new WeightsUnreadableException($"s3://{bucket}/{_root} may not be read with the credentials that were found. Allow s3:ListBucket and s3:GetObject on it.");
        }
        catch (Exception e) when (e is AmazonClientException or AmazonServiceException or HttpRequestException)
        {
            throw new WeightsUnreadableException($"s3://{bucket}/{_root} can't be read: {e.Message.Split('\n')[0].Trim()}");
        }
    }
}
