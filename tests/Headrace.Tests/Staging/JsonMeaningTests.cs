using Headrace.Staging;
using Xunit;

namespace Headrace.Tests.Staging;

/// <summary>What JSON means, and what can be read of JSON that is none.</summary>
public sealed class JsonMeaningTests
{
    [Theory]
    [InlineData("""{"a":1,"b":[true,null]}""", """ { "b" : [ true , null ], "a" : 1.0 } """)]
    [InlineData("[1,100,-0.5,0]", "[1e0,1E+2,-50.0e-2,-0.00]")]
    [InlineData(""" "\u00e9\/\"" """, """ "é/\"" """)]
    [InlineData("""{"b":{"y":1,"x":2},"a":[]}""", """{"a":[],"b":{"x":2,"y":1}}""")]
    [InlineData("12345678901234567890123456789.50", "1234567890123456789012345678950e-2")]
    public void OneMeaningIsOneText(string one, string other) => Assert.True(JsonMeaning.IsSame(one, other));

    [Theory]
    [InlineData("12345678901234567890", "12345678901234567891")]
    [InlineData("[1,2]", "[2,1]")]
    [InlineData("1", "\"1\"")]
    [InlineData("1", "10")]
    [InlineData("1", "-1")]
    [InlineData("""{"a":null}""", "{}")]
    [InlineData("""{"a":1,"a":2}""", """{"a":2,"a":1}""")]
    [InlineData("[[1],2]", "[[1,2]]")]
    [InlineData("""["a,b"]""", """["a","b"]""")]
    [InlineData("""["\"a"]""", """["a"]""")]
    [InlineData("\"\\ud800\"", "\"\\ud801\"")]
    [InlineData("1e99999999999999999999", "1e99999999999999999998")]
    [InlineData("{", "[")]
    [InlineData("1 2", "12")]
    public void OtherMeaningsAreOtherTexts(string one, string other) => Assert.False(JsonMeaning.IsSame(one, other));

    [Theory]
    [InlineData("""{"id":12,"v":""", "12")]
    [InlineData("""{"v":NaN,"id":"a\u0062"}""", "ab")]
    [InlineData("""{"v":{"id":1,"w":[2,{"id":3}]},"Id":4 ,""", "4")]
    [InlineData("""{"id":1,"id":1,"v":-Infinity}""", "1")]
    [InlineData("""{"id":12""", null)]
    [InlineData("""{"id":"12""", null)]
    [InlineData("""{"v":{"id":1}""", null)]
    [InlineData("""{"id":1,"id":2}""", null)]
    [InlineData("""{"v":"id:1,\"id\":2""", null)]
    [InlineData("{", null)]
    [InlineData("NaN", null)]
    public void AKeyIsReadFromAFragment(string text, string? id) =>
        Assert.Equal(id, JsonFragment.Read(text, ["id"], StringComparer.OrdinalIgnoreCase)?[0]);
}
