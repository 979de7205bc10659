using System.Text.Json.Nodes;
using Hypervize.Cli.Platform;
using Hypervize.Processes;

namespace Hypervize.EndToEnd.Tests;

/// <summary>OpenAI's own client for Node, as it comes from the registry.</summary>
public sealed class OpenAiForNodeSpecs(Platform platform) : IClassFixture<Platform>
{
    private const string Version = "6.49.0";

    [Fact]
    public async Task OpenAIs_client_for_Node_finds_all_as_it_expects_it()
    {
        var folder = await InstallAsync();
        var id = await platform.CreateAsync("node");
        await platform.UntilAsync(id, "up");
        var limited = await platform.CreateAsync("limited");
        await platform.UntilAsync(limited, "up");
        await platform.Client.CallAsync(HttpMethod.Patch, $"v1/endpoints/{limited}", CancellationToken.None, new JsonObject { ["limits"] = new JsonObject { ["requestsPerMinute"] = 1 } });
        using var account = await SpendingAccount.OpenAsync(platform);
        await account.UntilSpentAsync(0.01m);
        await account.CapAsync(0.01m);
        var script = Path.Combine(folder, $"spec-{Environment.ProcessId}.mjs"); // Beside the package, where Node finds it.
        File.Copy(Path.Combine(Checkout.Root, "tests", "EndToEnd", "OpenAiForNode.mjs"), script, overwrite: true);
        try
        {
            var (exitCode, output) = await RunAsync(
                "node", [script, BaseUrl("endpt-000000000000"), BaseUrl(limited), BaseUrl(account.EndpointId)], new() { ["OPENAI_BASE_URL"] = BaseUrl(id), ["OPENAI_API_KEY"] = platform.OperatorKey });
            Assert.True(exitCode == 0, output);
            var found = JsonNode.Parse(output.Split('\n').First(l => l.StartsWith('{')))!;
            var expected = JsonNode.Parse("""
                {
                  "chat": 5, "stream": 5, "askedUsage": 5, "embeddings": [true, true], "models": 1, "retrieved": true,
                  "badKey": "AuthenticationError 401 key_invalid", "noEndpoint": "NotFoundError 404 endpoint_not_found",
                  "noModel": "NotFoundError 404 model_not_found", "badRequest": "BadRequestError 400 invalid_json",
                  "limited": "RateLimitError 429 rate_limit_exceeded", "capped": "APIError 402 spend_cap_reached"
                }
                """);
            Assert.True(JsonNode.DeepEquals(expected, found), found.ToJsonString());
        }
        finally
        {
            File.Delete(script);
        }
    }

    private string BaseUrl(string id) => $"{platform.Url}/api/d/{id}/v1";

    // Once for all runs, like all else that is downloaded.
    private static async Task<string> InstallAsync()
    {
        await HaveNodeAsync();
        var folder = Path.Combine(DataDirectory.Tools, $"openai-for-node-{Version}");
        if (Directory.Exists(folder)) return folder;

        var staging = Directory.CreateDirectory($"{folder}.{Environment.ProcessId}").FullName;
        var (exitCode, output) = await RunAsync("npm", ["install", "--prefix", staging, "--no-audit", "--no-fund", "--ignore-scripts", $"openai@{Version}"]);
        if (exitCode != 0) Directory.Delete(staging, recursive: true);
        Assert.True(exitCode == 0, $"The package openai {Version} could not be installed by npm: {output}");
        Directory.Move(staging, folder);
        return folder;
    }

    // Installed, not unpacked like our servers: Debian's Node looks for parts of itself in /usr/share.
    private static async Task HaveNodeAsync()
    {
        if (IsThere()) return;
        var output = "";
        if (Environment.IsPrivilegedProcess && DebianPackages.Available)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(5));
            output = await DebianPackages.InstallAsync(["nodejs", "npm"], patience.Token);
        }
        const string Missing = "Install Node and npm, which this test runs OpenAI's client by. Debian: apt-get install nodejs npm; Fedora: dnf install nodejs npm; macOS: brew install node.";
        Assert.True(IsThere(), $"{Missing} {output.Trim().Split('\n')[^1]}".Trim());

        static bool IsThere() => Executables.Find("node") is not null && Executables.Find("npm") is not null;
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(string program, string[] arguments, Dictionary<string, string>? environment = null)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        return await Executables.RunAsync(program, arguments, patience.Token, environment: environment);
    }
}
