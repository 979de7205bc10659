using Hypervize.Client;
using Hypervize.Dashboard.Deploy;
using Hypervize.Hosting.Requests;

namespace Hypervize.Dashboard.Tests;

/// <summary>What is typed to deploy a model, what is wrong with it, and what the API is told.</summary>
public sealed class DeployFormSpecs
{
    [Theory]
    [InlineData("Qwen/Qwen2.5-7B-Instruct", "Qwen2.5-7B-Instruct")]
    [InlineData("simulator/tiny", "tiny")]
    [InlineData("acme/model@main", "model")]
    [InlineData("https://huggingface.co/acme/model/", "model")]
    [InlineData("s3://bucket/some/prefix/", "prefix")]
    [InlineData("gpt2", "gpt2")]
    [InlineData("acme/endpt-x", "x")]
    [InlineData("acme/_-model", "model")]
    [InlineData("", "")]
    [InlineData("acme/", "acme")]
    public void An_endpoint_is_named_after_its_model_until_it_has_a_name(string model, string name) => Assert.Equal(name, DeployForm.NameOf(model));

    [Fact]
    public void A_name_of_any_length_is_one_that_the_API_takes() =>
        Assert.Equal(64, DeployForm.NameOf($"acme/{new string('m', 90)}").Length);

    [Fact]
    public void A_name_that_was_typed_stays()
    {
        var form = Filled((DeployFields.Name, "chat"));
        form.Type(DeployFields.Model, "acme/other");
        Assert.Equal("chat", form.Text(DeployFields.Name));
        form.Type(DeployFields.Name, "");
        Assert.Equal(("", "other"), (form[DeployFields.Name], form.Text(DeployFields.Name)));
    }

    [Theory]
    [InlineData("scaling.max", "65", "Must lie between 1 and 64, not be 65.")]
    [InlineData("scaling.max", "0", "Must lie between 1 and 64, not be 0.")]
    [InlineData("scaling.max", "many", "Must be a whole number between 1 and 64, written in digits.")]
    [InlineData("scaling.max", "1.5", "Must be a whole number between 1 and 64, written in digits.")]
    [InlineData("scaling.max", "", "Must be given: a whole number between 1 and 64.")]
    [InlineData("scaling.min", "-1", "Must lie between 0 and 64, not be -1.")]
    [InlineData("scaling.min", "2", "Must not be above the most nodes, 1.")]
    [InlineData("scaling.idleSeconds", "99999999999", "Must lie between 1 and 86,400, not be 99999999999.")]
    [InlineData("context", "0", "Must lie between 1 and 100,000,000, not be 0.")]
    [InlineData("context", "", null)]
    [InlineData("model", "acme model", "Must be owner/name, s3://bucket/prefix or the path of a folder.")]
    [InlineData("name", "endpt-1", "Must be letters, digits, spaces and . _ -, beginning with a letter or a digit, and not look like an id.")]
    [InlineData("huggingFaceToken", "hf_ with a space", "Must be a token without spaces.")]
    [InlineData("quantization", "Q8_0", null)]
    public void What_is_wrong_is_said_and_never_made_right(string path, string typed, string? error)
    {
        var field = ((Field[])[.. DeployFields.Texts, .. DeployFields.Numbers]).Single(f => f.Path == path);
        var form = Filled((field, typed));
        Assert.Equal((typed, error, error is null ? 0 : 1), (form[field], form.ErrorOf(path), form.Wrong.Count));
    }

    [Fact]
    public void What_is_not_shown_is_neither_wrong_nor_sent()
    {
        var form = Filled((DeployFields.Min, "1"), (DeployFields.Idle, "none"), (DeployFields.AddressPerMinute, "-3"));
        Assert.Empty(form.Wrong);
        var body = form.ToBody("quote-000000000001");
        Assert.Null(body["scaling"]!["idleSeconds"]);
        Assert.Null(body["limits"]);
    }

    [Fact]
    public void A_quote_says_what_it_was_asked_for_and_the_form_the_rest()
    {
        var form = Filled((DeployFields.Context, "4096"), (DeployFields.Max, "4"), (DeployFields.Token, "hf_secret"), (DeployFields.AddressAtOnce, "2"));
        (form.IsPublic, form.Telemetry, form.TrustsRemoteCode) = (true, true, true);
        Assert.Equal(
            """{"name":"tiny","runtime":"simulator","quote":"quote-000000000001","huggingFaceToken":"hf_secret","trustRemoteCode":true,"scaling":{"min":0,"max":4,"concurrency":16,"idleSeconds":300},"holdSeconds":60,"access":"public","telemetry":true,"limits":{"perAddress":{"concurrent":2}}}""",
            form.ToBody("quote-000000000001").ToJsonString());
        Assert.Equal("""{"model":"acme/tiny","telemetry":true,"huggingFaceToken":"hf_secret","context":4096,"scaling":{"min":0,"max":4}}""", form.Ask()!.ToBody().ToJsonString());
    }

    [Fact]
    public void Without_a_quote_all_is_said_by_hand()
    {
        var form = Filled((DeployFields.Context, "4096"));
        form.Runtime = DeployFields.OwnCommand;
        Assert.Null(form.Ask());
        var body = form.ToBody(null);
        Assert.Equal(("acme/tiny", "local", 4096), ((string?)body["model"], (string?)body["hardware"], (int?)body["context"]));
    }

    [Fact]
    public void Wrong_numbers_of_nodes_do_not_keep_a_model_from_being_looked_at()
    {
        var form = Filled((DeployFields.Min, "5"));
        Assert.Null(form.Ask()!.Nodes);
        form.Type(DeployFields.Context, "long");
        Assert.Null(form.Ask());
    }

    [Fact]
    public void What_the_API_said_of_a_field_is_said_until_something_is_typed_there()
    {
        var form = Filled();
        form.Take(Refused(("scaling.max", "must be less than that"), ("somewhere", "is wrong")));
        form.LookAtWrong();
        Assert.Equal(("Must be less than that.", "scaling.max"), (form.ErrorOf("scaling.max"), form.Focus));
        Assert.Equal(["somewhere"], DeployForm.Beside(Refused(("scaling.max", "x"), ("somewhere", "is wrong"))).Errors.Keys);
        form.Type(DeployFields.Max, "2");
        Assert.Null(form.ErrorOf("scaling.max"));
    }

    [Fact]
    public void A_token_is_printed_nowhere() => Assert.DoesNotContain("hf_secret", $"{Filled((DeployFields.Token, "hf_secret"))} {Filled((DeployFields.Token, "hf_secret")).Ask()}");

    private static DeployForm Filled(params (Field Field, string Text)[] typed)
    {
        var form = new DeployForm();
        form.Type(DeployFields.Model, "acme/tiny");
        foreach (var (field, text) in typed) form.Type(field, text);
        return form;
    }

    private static RefusedException Refused(params (string Path, string Message)[] errors) =>
        new("No.") { Status = 422, Code = DeployForm.Invalid, Errors = errors.ToDictionary(e => e.Path, e => (IReadOnlyList<string>)[e.Message]) };
}
