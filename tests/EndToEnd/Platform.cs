using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Hypervize.Cli.Client;
using Hypervize.Cli.Platform;
using Hypervize.Cli.Running;
using Hypervize.Client;
using Hypervize.Contracts;
using Hypervize.Hosting;

namespace Hypervize.EndToEnd.Tests;

/// <summary>The whole platform, real, in an instance of its own.</summary>
public sealed class Platform : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    public Installation Installation { get; } = Installation.Of(DataDirectory.NewInstance("e2e"));

    public PlatformClient Client { get; private set; } = null!;

    public string Url => Installation.Wiring.PublicUrl;

    public string OperatorKey => Installation.Wiring.OperatorKey;

    public async Task InitializeAsync()
    {
        await Installation.StartAsync(_ => { }, CancellationToken.None);
        Client = new(Url, OperatorKey);
    }

    public async Task DisposeAsync()
    {
        Client?.Dispose();
        await Installation.StopAsync(_ => { });
        Directory.Delete(Installation.Folder, recursive: true);
    }

    public async Task<string> CreateAsync(string name, string model = "simulator/tiny", int min = 0, int max = 1, int idleSeconds = 3600, bool open = false)
    {
        var created = await Client.CallAsync(HttpMethod.Post, "v1/endpoints", CancellationToken.None, new JsonObject
        {
            ["name"] = name, ["model"] = model, ["hardware"] = "g5.xlarge", ["access"] = open ? "public" : "private",
            ["scaling"] = new JsonObject { ["min"] = min, ["max"] = max, ["idleSeconds"] = idleSeconds },
        });
        return (string)created!["id"]!;
    }

    public Task<JsonNode?> DoAsync(string id, string action) => Client.CallAsync(HttpMethod.Post, $"v1/endpoints/{id}/{action}", CancellationToken.None);

    public async Task<JsonNode> ShowAsync(string id) => (await Client.CallAsync(HttpMethod.Get, $"v1/endpoints/{id}", CancellationToken.None))!;

    public Task UntilAsync(string id, string status) => EventuallyAsync(async () => (string)(await ShowAsync(id))["status"]! == status, $"{id} to be {status}");

    public async Task<IReadOnlyList<JsonNode>> EventsAsync(string id)
    {
        var (all, after) = (new List<JsonNode>(), (long?)0);
        while (after is not null)
        {
            var page = (await Client.CallAsync(HttpMethod.Get, $"v1/endpoints/{id}/events?limit=200&after={after}", CancellationToken.None))!;
            all.AddRange(page["events"]!.AsArray()!);
            after = (long?)page["after"];
        }
        return all;
    }

    /// <summary>Asks a service as another service would.</summary>
    public async Task<T> InternalAsync<T>(string baseAddress, string path)
    {
        var issuer = new IdentityIssuer(new IdentitySettings { SigningKey = Installation.Wiring.SigningKey }, TimeProvider.System);
        using var http = new HttpClient { BaseAddress = new(baseAddress) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", issuer.Issue(new Caller("test", null, [])));
        return (await http.GetFromJsonAsync<T>(path, Json.Options))!;
    }

    public async Task<Dictionary<string, long>> VersionsAsync(string baseAddress, string path) =>
        (await InternalAsync<StreamVersion[]>(baseAddress, path)).ToDictionary(v => v.Id, v => v.Version);

    /// <summary>Waits until something holds, however slow the machine; a platform that is in the middle of a restart may refuse meanwhile.</summary>
    public static async Task EventuallyAsync(Func<Task<bool>> holds, string what, Func<string>? details = null)
    {
        using var patience = new CancellationTokenSource(Patience);
        var last = "";
        while (true)
        {
            try
            {
                if (await holds()) return;
            }
            catch (Exception e) when (e is RefusedException or HttpRequestException or Npgsql.NpgsqlException)
            {
                last = e.Message;
            }
            Assert.False(patience.IsCancellationRequested, $"Waited {Patience.TotalSeconds} s for {what}. {details?.Invoke()} {last}");
            await Task.Delay(100);
        }
    }
}
