using System.Text.Json.Nodes;

namespace Hypervize.Endpoints.Tests;

/// <summary>
/// Stored events are wire format. Each file in <c>Stored/</c> is an event as some version of the service stored it, under its stored
/// name: files are added, never changed, and all of them keep loading.
/// </summary>
public sealed class StoredEvents
{
    [Fact]
    public void Every_stored_name_has_a_sample() =>
        Assert.Equal([], StoredForm.Names.Select(n => n.Name).Except(Files.Select(NameOf)));

    [Theory, MemberData(nameof(Samples))]
    public void An_old_event_loads_with_all_it_said(string sample)
    {
        var type = StoredForm.Names.Single(n => n.Name == NameOf(sample)).Type;
        var stored = File.ReadAllText(sample);
        var again = JsonNode.Parse(StoredForm.Write(StoredForm.Read(type, stored)));
        Lost(JsonNode.Parse(stored), again, "$");
    }

    [Fact]
    public void Words_in_events_are_stored_as_clients_see_them() =>
        Assert.Contains("\"private\"", StoredForm.Write(An.Created()).Replace(" ", ""));

    public static TheoryData<string> Samples() => [.. Files];

    private static IEnumerable<string> Files => Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Stored"), "*.json").Order();

    // A later version of an event gets a file of its own: endpoint_created.2.json.
    private static string NameOf(string sample) => Path.GetFileName(sample).Split('.')[0];

    private static void Lost(JsonNode? before, JsonNode? after, string path)
    {
        switch (before)
        {
            case JsonObject group:
                foreach (var (name, value) in group) Lost(value, after is JsonObject same ? same[name] : null, $"{path}.{name}");
                break;
            case JsonArray list:
                Assert.Equal((path, list.Count), (path, after is JsonArray others ? others.Count : -1));
                foreach (var (index, value) in list.Index()) Lost(value, after![index], $"{path}[{index}]");
                break;
            default:
                Assert.Equal((path, before?.ToJsonString()), (path, after?.ToJsonString()));
                break;
        }
    }
}
