using System.ComponentModel.DataAnnotations;
using Amazon.S3;
using Hypervize.Catalog;
using Hypervize.Sizing;
using Hypervize.Sizing.Hub;
using Hypervize.Sizing.OwnWeights;

namespace Hypervize.Endpoints.Sizing;

/// <summary>Where models are read about.</summary>
public sealed class HubSection
{
    /// <summary>URL of the Hugging Face Hub, or of what stands in for it.</summary>
    [Required] public Uri Endpoint { get; set; } = new("https://huggingface.co");
}

/// <summary>Registers what sizes models.</summary>
public static class SizingRegistration
{
    /// <summary>Adds the catalogue with this machine in it, the reader of models, and planning.</summary>
    /// <param name="services">The service's container.</param>
    /// <param name="hub">Where the Hub is.</param>
    /// <param name="machine">This machine.</param>
    public static void AddSizing(this IServiceCollection services, HubSection hub, Hardware machine)
    {
        services.AddHttpClient(nameof(HubClient)).ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler { AllowAutoRedirect = false });
        // No token of our own: what an account may see is for its own token to say.
        services.AddSingleton(p => new HubClient(
            p.GetRequiredService<IHttpClientFactory>().CreateClient(nameof(HubClient)), new(new Uri(hub.Endpoint.ToString().TrimEnd('/') + "/"), Token: null), p.GetRequiredService<TimeProvider>()));
        services.AddSingleton(p => new ModelReader(p.GetRequiredService<HubClient>(), () => new AmazonS3Client(BucketSettings.Config())));
        services.AddSingleton(HardwareCatalog.Load().With(machine));
        services.AddSingleton<Planning>();
    }
}
