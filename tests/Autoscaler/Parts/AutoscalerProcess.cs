using System.Text.Json;

namespace Hypervize.Autoscaler.Tests;

/// <summary>The autoscaler as it is run, in a hurry.</summary>
internal sealed class AutoscalerProcess(ServiceProcess process) : IAsyncDisposable
{
    public static async Task<AutoscalerProcess> StartAsync(string signingKey, Uri endpoints, string postgres, string? journal) => new(await ServiceProcess.StartAsync("Autoscaler", new Dictionary<string, string>
    {
        ["Postgres__ConnectionString"] = postgres, ["Identity__SigningKey"] = signingKey, ["Bus__Uri"] = Servers.Broker.ToString(), ["Peers__Endpoints"] = endpoints.ToString(),
        ["Autoscaler__WindowSeconds"] = "2", ["Autoscaler__StabilisationSeconds"] = "3", ["Autoscaler__LateSeconds"] = "2",
        ["Autoscaler__ForgetSeconds"] = "3", ["Autoscaler__RepeatSeconds"] = "2",
        ["Autoscaler__Journal"] = journal ?? "",
    }));

    /// <summary>A check of its health.</summary>
    public async Task<JsonElement> CheckAsync(string name)
    {
        using var client = new HttpClient { BaseAddress = process.Url };
        using var response = await client.GetAsync(new Uri("/health/ready", UriKind.Relative));
        using var json = JsonDocument.Parse(await response.Content.ReadAsStreamAsync());
        return json.RootElement.GetProperty("checks").GetProperty(name).Clone();
    }

    /// <summary>Where it listens.</summary>
    public Uri Url => process.Url;

    public ValueTask DisposeAsync() => process.DisposeAsync();
}
