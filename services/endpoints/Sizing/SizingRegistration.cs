using Amazon.S3;
using Hypervize.Catalog;
using Hypervize.Hosting;
using Hypervize.Sizing;
using Hypervize.Sizing.Hub;
using Hypervize.Sizing.OwnWeights;

namespace Hypervize.Endpoints.Sizing;

/// <summary>Registers what sizes models.</summary>
public static class SizingRegistration
{
    /// <summary>Adds the catalogue with this machine in it, the reader of models, and planning.</summary>
    /// <param name="services">The service's container.</param>
    /// <param name="settings">Tell where the Hub is.</param>
    /// <param name="machine">This machine.</param>
    public static void AddSizing(this IServiceCollection services, Settings settings, Hardware machine)
    {
        var hub = settings.Read<HubSection>("Hub");
        services.AddSingleton(p => HubClient.Over(HubSettings.Of(hub.Endpoint), p.GetRequiredService<TimeProvider>()));
        services.AddSingleton(p => new ModelReader(p.GetRequiredService<HubClient>(), () => new AmazonS3Client(BucketSettings.Config())));
        services.AddSingleton(HardwareCatalog.Load().With(machine));
        services.AddSingleton<Planning>();
    }
}
