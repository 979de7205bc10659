using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Hypervize.Kit.Hub;

/// <summary>Stands in for S3 on loopback: lists a bucket and serves ranges of its objects.</summary>
public sealed class BucketStandIn : IAsyncDisposable
{
    private readonly WebApplication _app;
    private long _sent;

    private BucketStandIn(WebApplication app) => _app = app;

    public string Url => _app.Urls.Single();

    public ConcurrentDictionary<string, byte[]> Objects { get; } = new();

    /// <summary>Bytes that were given away, of objects.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    public static async Task<BucketStandIn> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var s3 = new BucketStandIn(app);
        app.Urls.Add("http://127.0.0.1:0");
        app.MapGet("/{bucket}", s3.List);
        app.MapGet("/{bucket}/{**key}", s3.GetAsync);
        await app.StartAsync();
        return s3;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private IResult List(string bucket, string? prefix)
    {
        if (bucket == "closed") return Error(403, "AccessDenied", "Access Denied");
        if (bucket != "models") return Error(404, "NoSuchBucket", "The specified bucket does not exist");
        var found = Objects.Where(o => o.Key.StartsWith(prefix ?? "", StringComparison.Ordinal) && !o.Key[(prefix ?? "").Length..].Contains('/')).ToList();
        var contents = string.Concat(found.Select(o => $"<Contents><Key>{o.Key}</Key><Size>{o.Value.Length}</Size><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>{ETag(o.Value)}</ETag><StorageClass>STANDARD</StorageClass></Contents>"));
        var folders = string.Concat(Objects.Keys.Where(k => k.StartsWith(prefix ?? "", StringComparison.Ordinal)).Select(k => k[(prefix ?? "").Length..].Split('/')).Where(p => p.Length > 1)
            .Select(p => p[0]).Distinct().Select(p => $"<CommonPrefixes><Prefix>{prefix}{p}/</Prefix></CommonPrefixes>"));
        return Results.Text($"""<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>{bucket}</Name><Prefix>{prefix}</Prefix><KeyCount>{found.Count}</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>{contents}{folders}</ListBucketResult>""", "application/xml");
    }

    private async Task GetAsync(HttpContext http, string bucket, string? key)
    {
        if (string.IsNullOrEmpty(key))
        {
            await List(bucket, http.Request.Query["prefix"]).ExecuteAsync(http);
            return;
        }
        if (!Objects.TryGetValue(key, out var content))
        {
            await Error(404, "NoSuchKey", "The specified key does not exist.").ExecuteAsync(http);
            return;
        }
        if (http.Request.Headers.IfMatch is [{ } match] && match.Trim('"') != ETag(content).Trim('"'))
        {
            await Error(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold").ExecuteAsync(http);
            return;
        }
        var (from, to) = (0, content.Length - 1);
        if (http.Request.GetTypedHeaders().Range?.Ranges.Single() is { } range)
        {
            (from, to) = ((int)range.From!, (int)Math.Min(range.To ?? long.MaxValue, content.Length - 1));
            http.Response.StatusCode = 206;
            http.Response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes {from}-{to}/{content.Length}");
        }
        http.Response.Headers.ETag = ETag(content);
        http.Response.ContentLength = to - from + 1;
        Interlocked.Add(ref _sent, to - from + 1);
        await http.Response.Body.WriteAsync(content.AsMemory(from, to - from + 1));
    }

    private static string ETag(byte[] content) => $"\"{Convert.ToHexStringLower(SHA256.HashData(content))[..32]}\"";

    private static IResult Error(int status, string code, string message) =>
        Results.Text($"""<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{message}</Message></Error>""", "application/xml", statusCode: status);
}
