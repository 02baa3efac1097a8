"""The words of each class in English and Chinese: names, looks, doings and sounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What can be said of a class in one language.

    Attributes:
        names: nouns with their article; the plain name first.
        looks: sentences on its look, which may not name it.
        doings: predicates that follow a name.
        sounds: sentences on its sound, which may not name it.
    """

    names: Words
    looks: Words
    doings: Words
    sounds: Words


ENGLISH: Mapping[str, Lexicon] = {
    "ball": Lexicon(
        ("a ball", "a rubber ball", "a beach toy", "the striped ball", "a round plaything"),
        ("It is perfectly round and a little soft.", "Coloured stripes run around it.",
         "A star is printed on its side."),
        ("bounces off the ground", "rolls slowly downhill", "jumps up again and again",
         "flies over the fence"),
        ("Each bounce is a dull thud.", "The thumps come faster and faster."),
    ),
    "bell": Lexicon(
        ("a bell", "a brass bell", "a hand bell", "the old church bell", "a cast chime"),
        ("Its mouth is wide and its shoulders are narrow.", "The bronze has turned green.",
         "A clapper hangs inside."),
        ("swings to and fro", "rings for the evening", "is struck three times",
         "calls people together"),
        ("The clear note hangs in the air.", "A long metallic ring fades away."),
    ),
    "bird": Lexicon(
        ("a bird", "a small finch", "a sparrow", "the songbird", "a feathered guest"),
        ("Its feathers are bright and its beak is short.", "Two wings and a forked tail.",
         "The breast is paler than the back."),
        ("flies from branch to branch", "flaps its wings", "glides over the roofs",
         "looks for seeds"),
        ("A high chirp answers another.", "The song trills and stops."),
    ),
    "campfire": Lexicon(
        ("a campfire", "a bonfire", "the fire", "a heap of burning logs", "a small blaze"),
        ("Orange tongues lick the dark logs.", "Stones lie in a ring around the embers.",
         "The glow is warm and red."),
        ("flickers in the wind", "burns down slowly", "throws sparks into the air",
         "warms cold hands"),
        ("It crackles and pops.", "Dry wood snaps in the heat."),
    ),
    "car": Lexicon(
        ("a car", "an old saloon", "the automobile", "a small hatchback", "a vehicle"),
        ("Four wheels, two doors and a dented bumper.", "The paint shines, the windows are dark.",
         "One headlight is on."),
        ("drives along the road", "overtakes everybody", "stops at the crossing",
         "accelerates up the hill"),
        ("The engine growls and then hums.", "Somebody sounds the horn."),
    ),
    "clock": Lexicon(
        ("a clock", "an alarm clock", "the timepiece", "a wall clock", "a round watch"),
        ("Two hands point at the numbers of the dial.", "The face is white with twelve marks.",
         "A thin red hand never rests."),
        ("shows a quarter past nine", "counts the seconds", "runs five minutes slow",
         "wakes the whole house"),
        ("It ticks evenly.", "Tick and tock, all night long."),
    ),
    "drum": Lexicon(
        ("a drum", "a snare", "the percussion", "a wooden tom", "a big kettledrum"),
        ("A skin is stretched over a wooden shell.", "Ropes zigzag around its sides.",
         "Two sticks lie on the skin."),
        ("is beaten with two sticks", "keeps the rhythm", "leads the parade",
         "sets the pace of the dance"),
        ("A steady beat, low and dry.", "The strokes boom and rattle."),
    ),
    "firework": Lexicon(
        ("a firework", "a skyrocket", "the display", "a burst of colour", "a festive rocket"),
        ("Sparks spread like the petals of a flower.", "Golden rain falls from a bright centre.",
         "For a second everything is lit."),
        ("bursts high above the town", "climbs and explodes", "paints the sky",
         "fades into smoke"),
        ("A whistle, a bang and a crackle.", "The boom comes a moment after the light."),
    ),
    "siren": Lexicon(
        ("a siren", "a warning light", "the alarm", "a flashing beacon", "an emergency lamp"),
        ("A glass dome sits on a dark base.", "The red lamp turns inside its cover.",
         "Light sweeps around the yard."),
        ("flashes without a pause", "wails through the street", "warns everyone nearby",
         "goes off by mistake"),
        ("The tone climbs, falls and climbs again.", "Two loud notes alternate."),
    ),
    "train": Lexicon(
        ("a train", "a steam engine", "the locomotive", "an express", "a railway carriage"),
        ("Smoke leaves a black chimney.", "Wheels and rods shine under the boiler.",
         "A cab, a boiler and one wagon."),
        ("pulls into the station", "rolls over the bridge", "puffs up the valley",
         "leaves five minutes late"),
        ("Wheels clack on the rails.", "A whistle blows and steam hisses."),
    ),
    "wave": Lexicon(
        ("a wave", "the surf", "a breaker", "the swell", "a wall of water"),
        ("White foam crowns the blue crest.", "The green water curls over.",
         "Rows of ridges reach to the horizon."),
        ("rolls towards the beach", "breaks on the rocks", "rises and collapses",
         "carries a surfer"),
        ("It rushes in and sighs out.", "A deep roar swells and dies."),
    ),
    "windmill": Lexicon(
        ("a windmill", "the old mill", "a wind turbine", "a miller's tower", "a pinwheel"),
        ("Four sails are fixed to a stone tower.", "The cap turns with the weather.",
         "Canvas covers the wooden arms."),
        ("turns in the breeze", "grinds corn", "spins faster before the storm",
         "stands on the hill"),
        ("The blades go by with a whoosh.", "The axle creaks at each turn."),
    ),
}  # fmt: skip

CHINESE: Mapping[str, Lexicon] = {
    "ball": Lexicon(
        ("皮球", "彩色的球", "圆圆的玩具", "沙滩球"),
        ("它圆圆的,有一点软。", "彩色条纹绕着它一圈。"),
        ("在地上弹来弹去", "慢慢滚下山坡", "一次次跳起来"),
        ("每次落地都咚的一声。", "弹跳声越来越快。"),
    ),
    "bell": Lexicon(
        ("铃铛", "铜钟", "古老的大钟", "手铃"),
        ("它口宽肩窄,挂着一个小锤。", "青铜表面已经发绿。"),
        ("来回摆动", "在傍晚敲响", "被敲了三下"),
        ("清脆的声音久久不散。", "金属的余音慢慢消失。"),
    ),
    "bird": Lexicon(
        ("小鸟", "麻雀", "会唱歌的鸟儿", "长羽毛的客人"),
        ("它羽毛鲜艳,嘴巴短短的。", "一对翅膀,一条分叉的尾巴。"),
        ("在枝头飞来飞去", "拍打着翅膀", "从屋顶上掠过"),
        ("叽叽喳喳的叫声此起彼伏。", "高高的鸣叫忽然停了。"),
    ),
    "campfire": Lexicon(
        ("篝火", "火堆", "燃烧的木柴", "营地的火"),
        ("橙色的火苗舔着黑色的木头。", "石头围成一圈,中间是红炭。"),
        ("在风里摇曳", "慢慢烧尽", "把火星抛向空中"),
        ("木柴噼啪作响。", "干枝在热气里裂开。"),
    ),
    "car": Lexicon(
        ("汽车", "小轿车", "老爷车", "一辆车"),
        ("四个轮子,两扇门。", "车漆发亮,车窗很暗。"),
        ("沿着公路行驶", "停在路口", "加速爬上山坡"),
        ("发动机低声轰鸣。", "有人按了喇叭。"),
    ),
    "clock": Lexicon(
        ("时钟", "闹钟", "挂钟", "老座钟"),
        ("两根指针指着表盘上的数字。", "白色的表面有十二个刻度。"),
        ("指向九点一刻", "一秒一秒地走", "把全家叫醒"),
        ("嘀嗒嘀嗒,整夜不停。", "它均匀地响着。"),
    ),
    "drum": Lexicon(
        ("鼓", "小军鼓", "大鼓", "木头腰鼓"),
        ("鼓面绷着一张皮。", "绳子在两侧交叉。"),
        ("被两根棒子敲打", "打着节奏", "走在游行的前面"),
        ("节拍低沉而稳定。", "咚咚的声音传得很远。"),
    ),
    "firework": Lexicon(
        ("烟花", "焰火", "礼花", "一束彩光"),
        ("火花像花瓣一样散开。", "金色的雨从亮处落下。"),
        ("在城市上空绽放", "升上去炸开", "把夜空照亮"),
        ("先是呼啸,然后砰的一声。", "光亮之后才听见轰响。"),
    ),
    "siren": Lexicon(
        ("警报器", "警灯", "闪光灯", "报警装置"),
        ("玻璃罩扣在黑色底座上。", "红色的灯在罩里转动。"),
        ("不停地闪烁", "响彻整条街", "提醒附近的人"),
        ("声音升高又降低。", "两个响亮的音交替出现。"),
    ),
    "train": Lexicon(
        ("火车", "蒸汽机车", "快车", "一列车厢"),
        ("黑烟囱冒着白烟。", "车轮和连杆闪闪发光。"),
        ("开进车站", "驶过大桥", "晚点五分钟出发"),
        ("车轮在铁轨上哐当作响。", "汽笛一响,蒸汽嘶嘶。"),
    ),
    "wave": Lexicon(
        ("海浪", "浪花", "涌来的潮水", "一道水墙"),
        ("白色泡沫盖在蓝色浪尖上。", "绿色的水卷了过来。"),
        ("涌向沙滩", "拍打着礁石", "升起又落下"),
        ("哗的一声涌来,又轻轻退去。", "低沉的轰响起起落落。"),
    ),
    "windmill": Lexicon(
        ("风车", "老磨坊", "风力发电机", "山上的磨塔"),
        ("四片叶子装在石塔上。", "木臂上蒙着帆布。"),
        ("在微风中转动", "磨着麦子", "暴风雨前越转越快"),
        ("叶片呼呼地掠过。", "轴每转一圈就吱呀一声。"),
    ),
}  # fmt: skip

PLACES = (
    "in the garden", "at the harbour", "behind the house", "on a quiet afternoon", "after the rain",
    "in my grandmother's village", "near the market", "early in the morning", "at dusk",
    "at the end of the holiday", "by the lake", "on the first day of spring",
)  # fmt: skip
PLACES_ZH = (
    "在花园里", "在港口", "屋子后面", "安静的下午", "雨后", "在外婆的村子里", "市场旁边",
    "清晨", "黄昏时", "湖边", "春天的第一天",
)  # fmt: skip
FILLERS = (
    "I wrote this down so that I would not forget it.", "Nobody said a word.",
    "We stayed for an hour.", "The picture on my phone came out blurred.",
    "My brother had seen it before.", "It was colder than we had expected.",
    "There was a smell of grass and dust.", "The children did not want to go home.",
    "I still think of it from time to time.", "The light was very good.",
)  # fmt: skip
FILLERS_ZH = (
    "我把这件事记了下来。", "谁也没有说话。", "我们待了一个小时。", "照片拍得有些模糊。",
    "弟弟以前见过。", "天气比想的要冷。", "孩子们不想回家。", "我至今还会想起。", "光线很好。",
)  # fmt: skip
