using Amazon.S3;
using Hypervize.Hosting;
using Hypervize.Provisioner.Local;
using Hypervize.Sizing.Hub;
using Hypervize.Sizing.OwnWeights;

namespace Hypervize.Provisioner.Weights;

/// <summary>Registers what has weights ready for nodes.</summary>
public static class WeightRegistration
{
    /// <summary>Adds the cache and what fills it.</summary>
    /// <param name="services">The service's container.</param>
    /// <param name="settings">Tell where weights are kept, and where models are.</param>
    /// <param name="local">How nodes run.</param>
    public static void AddWeights(this IServiceCollection services, Settings settings, LocalSettings local)
    {
        var (weights, hub) = (settings.Read<WeightSettings>("Weights"), settings.Read<HubSection>("Hub"));
        services.AddSingleton(p => new WeightCache(
            weights.Directory ?? Path.Combine(Path.GetFullPath(local.DataDirectory), "weights"), (long)(weights.MaxGb * 1e9), p.GetRequiredService<TimeProvider>(), p.GetRequiredService<ILogger<WeightCache>>()));
        services.AddSingleton(p => new WeightSource(HubClient.Over(HubSettings.Of(hub.Endpoint), p.GetRequiredService<TimeProvider>()), new(() => new AmazonS3Client(BucketSettings.Config()))));
        services.AddSingleton<WeightLoads>();
    }
}
