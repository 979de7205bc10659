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
        var id = await platform.CreateAsync("node");
        await platform.UntilAsync(id, "up");
        var folder = await InstallAsync();
        var script = Path.Combine(folder, $"spec-{Environment.ProcessId}.mjs"); // Beside the package, where Node finds it.
        File.Copy(Path.Combine(Checkout.Root, "tests", "EndToEnd", "OpenAiForNode.mjs"), script, overwrite: true);
        try
        {
            var (exitCode, output) = await RunAsync("node", [script, $"{platform.Url}/api/d/endpt-000000000000/v1"], new() { ["OPENAI_BASE_URL"] = $"{platform.Url}/api/d/{id}/v1", ["OPENAI_API_KEY"] = platform.OperatorKey });
            Assert.True(exitCode == 0, output);
            var found = JsonNode.Parse(output.Split('\n').First(l => l.StartsWith('{')))!;
            var expected = JsonNode.Parse("""
                {
                  "chat": 5, "stream": 5, "askedUsage": 5, "embeddings": [true, true], "models": 1, "retrieved": true,
                  "badKey": "AuthenticationError 401 key_invalid", "noEndpoint": "NotFoundError 404 endpoint_not_found",
                  "noModel": "NotFoundError 404 model_not_found", "badRequest": "BadRequestError 400 invalid_json"
                }
                """);
            Assert.True(JsonNode.DeepEquals(expected, found), found.ToJsonString());
        }
        finally
        {
            File.Delete(script);
        }
    }

    // Once for all runs, like all else that is downloaded.
    private static async Task<string> InstallAsync()
    {
        var folder = Path.Combine(DataDirectory.Tools, $"openai-for-node-{Version}");
        if (Directory.Exists(folder)) return folder;
        foreach (var program in (string[])["node", "npm"])
            if (Executables.Find(program) is null) Assert.Fail($"Install {program}, which this test runs OpenAI's client by.");

        var staging = Directory.CreateDirectory($"{folder}.{Environment.ProcessId}").FullName;
        var (exitCode, output) = await RunAsync("npm", ["install", "--prefix", staging, "--no-audit", "--no-fund", "--ignore-scripts", $"openai@{Version}"]);
        if (exitCode != 0) Directory.Delete(staging, recursive: true);
        Assert.True(exitCode == 0, $"The package openai {Version} could not be installed by npm: {output}");
        Directory.Move(staging, folder);
        return folder;
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(string program, string[] arguments, Dictionary<string, string>? environment = null)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        return await Executables.RunAsync(program, arguments, patience.Token, environment: environment);
    }
}
