using System.Net;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

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
        var request = new ListObjectsV2Request { BucketName = bucket, Prefix = _root, Delimiter = "/" };
        do
        {
            var page = await s3.ListObjectsV2Async(request, cancel);
            files.AddRange((page.S3Objects ?? []).Where(o => o.Key.Length > _root.Length).Select(o => new ModelFile(o.Key[_root.Length..], o.Size)));
            request.ContinuationToken = page.NextContinuationToken;
        }
        while (request.ContinuationToken is not null && files.Count < MostFiles);
        return files;
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
        catch (AmazonS3Exception e) when (e.StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized)
        {
            throw new WeightsUnreadableException($"s3://{bucket}/{_root} may not be read with the credentials that were found. Allow s3:ListBucket and s3:GetObject on it.");
        }
        catch (Exception e) when (e is AmazonClientException or AmazonServiceException or HttpRequestException)
        {
            throw new WeightsUnreadableException($"s3://{bucket}/{_root} can't be read: {e.Message}");
        }
    }
}
