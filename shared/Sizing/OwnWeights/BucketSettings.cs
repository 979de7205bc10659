using Amazon.S3;

namespace Hypervize.Sizing.OwnWeights;

/// <summary>How S3 is reached: as AWS' own tools read it from the environment.</summary>
public static class BucketSettings
{
    /// <summary>Configuration of a client. <c>AWS_ENDPOINT_URL_S3</c> names another server that speaks S3, whose buckets are paths.</summary>
    public static AmazonS3Config Config()
    {
        var other = Environment.GetEnvironmentVariable("AWS_ENDPOINT_URL_S3") ?? Environment.GetEnvironmentVariable("AWS_ENDPOINT_URL");
        var region = Environment.GetEnvironmentVariable("AWS_REGION") ?? Environment.GetEnvironmentVariable("AWS_DEFAULT_REGION") ?? "us-east-1";
        var config = new AmazonS3Config { Timeout = TimeSpan.FromSeconds(30), MaxErrorRetry = 2 };
        if (string.IsNullOrWhiteSpace(other)) config.RegionEndpoint = Amazon.RegionEndpoint.GetBySystemName(region);
        else (config.ServiceURL, config.ForcePathStyle, config.AuthenticationRegion) = (other, true, region);
        return config;
    }
}
